"""Kortex messages built at run time from `wire.yaml` with whichever protobuf is installed (3.20 or newer).

They refuse misspelled fields as the vendor's generated classes do, and give the same bytes. The descriptors
live in a pool of their own, so that the vendor's may be loaded beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FACTS = Path(__file__).with_name("wire.yaml")
_SCALARS = {"double", "float", "int32", "uint32", "fixed32", "bool", "string", "bytes"}
_ROOT = ""


@dataclass(frozen=True)
class Method:
    """One remote call: its number on the wire, its request and answer classes (None: empty)."""

    service: str
    name: str
    uid: int
    request: Any
    answer: Any


@dataclass(frozen=True)
class Wire:
    """Everything that crosses the wire.

    modules: `Base` -> a namespace like the vendor's Base_pb2 (messages, enums, values); "" -> frame, errors.
    methods: by service and name.
    """

    modules: Mapping[str, SimpleNamespace]
    methods: Mapping[str, Mapping[str, Method]]
    frame_types: Mapping[str, int]

    def method(self, uid: int) -> Method | None:
        """The method with this number, or None."""
        return next((m for methods in self.methods.values() for m in methods.values() if m.uid == uid), None)


@lru_cache(maxsize=1)
def wire() -> Wire:
    """The wire facts as classes; built once. Needs protobuf."""
    import yaml

    facts = yaml.safe_load(FACTS.read_text(encoding="utf-8"))
    package = facts["package"]
    pool = _pool(package, facts["messages"], facts["enums"])
    modules = {
        name: _module(pool, package, name, facts["messages"], facts["enums"])
        for name in _packages([*facts["messages"], *facts["enums"]])
    }
    # As in the vendor's modules, where Base re-exports what Common defines.
    for name, value in vars(modules["Common"]).items():
        vars(modules["Base"]).setdefault(name, value)

    def found(name: str | None) -> Any:
        return None if name is None else getattr(modules[_package(name)], name.rpartition(".")[2])

    methods = {
        service: {
            name: Method(service, name, (entry["id"] << 16) | call[0], found(call[1]), found(call[2]))
            for name, call in entry.items()
            if name != "id"
        }
        for service, entry in facts["services"].items()
    }
    return Wire(modules, methods, facts["frame_types"])


def _package(name: str) -> str:
    return name.rpartition(".")[0]


def _packages(names: list[str]) -> list[str]:
    return list(dict.fromkeys(map(_package, names)))


def _pool(package: str, messages: Mapping[str, Any], enums: Mapping[str, Any]) -> Any:
    """A descriptor pool with one file per package, each added after those it refers to."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    known, pool, done = {*messages, *enums}, descriptor_pool.DescriptorPool(), set[str]()
    names = _packages([*messages, *enums])

    def needs(name: str) -> set[str]:
        kinds = {
            spec[1] for key, fields in messages.items() if _package(key) == name for spec in fields.values()
        }
        return {_package(kind) for kind in kinds & known} - {name}

    def add(name: str) -> None:
        if name in done:
            return
        done.add(name)
        for other in sorted(needs(name)):
            add(other)
        file = descriptor_pb2.FileDescriptorProto(
            name=f"{name or 'Root'}.proto",
            package=f"{package}.{name}".rstrip("."),
            syntax="proto3",
            dependency=[f"{other or 'Root'}.proto" for other in sorted(needs(name))],
        )
        for key, values in enums.items():
            if _package(key) == name:
                _add_enum(file, key, values)
        for key, fields in messages.items():
            if _package(key) == name:
                _add_message(file, key, fields, package, enums)
        pool.Add(file) if not hasattr(pool, "AddSerializedFile") else pool.AddSerializedFile(
            file.SerializeToString()
        )

    for name in names:
        add(name)
    return pool


def _add_enum(file: Any, key: str, values: Mapping[str, int]) -> None:
    enum = file.enum_type.add(name=key.rpartition(".")[2])
    enum.options.allow_alias = len(set(values.values())) < len(values)
    for name, number in values.items():
        enum.value.add(name=name, number=number)


def _add_message(
    file: Any, key: str, fields: Mapping[str, Any], package: str, enums: Mapping[str, Any]
) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    message, groups = file.message_type.add(name=key.rpartition(".")[2]), dict[str, int]()
    for name, (number, kind, *more) in fields.items():
        note = more[0] if more else ""
        field = message.field.add(
            name=name,
            number=number,
            label=FieldDescriptorProto.LABEL_REPEATED
            if note == "repeated"
            else FieldDescriptorProto.LABEL_OPTIONAL,
        )
        if kind in _SCALARS:
            field.type = getattr(FieldDescriptorProto, f"TYPE_{kind.upper()}")
        else:
            field.type = (
                FieldDescriptorProto.TYPE_ENUM if kind in enums else FieldDescriptorProto.TYPE_MESSAGE
            )
            field.type_name = f".{package}.{kind}"
        if note.startswith("oneof "):
            group = note.removeprefix("oneof ")
            if group not in groups:
                groups[group] = len(groups)
                message.oneof_decl.add(name=group)
            field.oneof_index = groups[group]


def _module(
    pool: Any, package: str, name: str, messages: Mapping[str, Any], enums: Mapping[str, Any]
) -> SimpleNamespace:
    """What the vendor's generated module of this name offers."""
    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

    module = SimpleNamespace()
    for key in messages:
        if _package(key) == name:
            found = pool.FindMessageTypeByName(f"{package}.{key}")
            setattr(module, key.rpartition(".")[2], _message_class(pool, found))
    for key, values in enums.items():
        if _package(key) == name:
            wrapper = EnumTypeWrapper(pool.FindEnumTypeByName(f"{package}.{key}"))
            setattr(module, key.rpartition(".")[2], wrapper)
            for word, number in values.items():
                setattr(module, word, number)
    return module


def _message_class(pool: Any, descriptor: Any) -> Any:
    from google.protobuf import message_factory

    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)  # protobuf 3.20, kortex_api's
