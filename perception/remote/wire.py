"""Messages between machines: named arrays with plain values beside them, as an uncompressed .npz.

Guarantees:
1. Nothing is executed by reading: no pickle, no compressed members (a small body cannot grow), plain JSON.
2. An expected failure of the other side is raised here as the class it was there, with its facts; a class
   that is not known here becomes the nearest one of its bases that is.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.errors import HandoverError
from perception.remote.errors import Malformed

PROTOCOL = 1
"""Raised with every change that an older program would not understand."""
PLAIN = "plain.json"


@dataclass(frozen=True)
class Parcel:
    """What is sent: JSON values and arrays, by name."""

    plain: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def array(self, name: str, kinds: str) -> NDArray[Any]:
        """The array of this name; kinds: the dtype kinds it may have. Raises Malformed."""
        if name not in self.arrays:
            raise Malformed(f"the array {name} is missing")
        array = self.arrays[name]
        if array.dtype.kind not in kinds:
            raise Malformed(f"the array {name} holds {array.dtype}")
        return array


def pack(parcel: Parcel) -> bytes:
    """A parcel as bytes."""
    text = np.frombuffer(json.dumps(dict(parcel.plain)).encode(), dtype=np.uint8)
    body = io.BytesIO()
    arrays: dict[str, Any] = {PLAIN: text, **parcel.arrays}
    np.savez(body, **arrays)
    return body.getvalue()


def unpack(body: bytes) -> Parcel:
    """The parcel in `body`. Raises Malformed."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise Malformed("a member is compressed")
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        plain = json.loads(arrays.pop(PLAIN).tobytes())
    except Malformed:
        raise
    except Exception as error:  # whatever bytes provoke in the parsers is their fault
        raise Malformed(f"{type(error).__name__}: {error}") from error
    if not isinstance(plain, dict) or not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise Malformed("arrays and a JSON object are needed")
    return Parcel(plain, arrays)


def packed_mask(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A mask (H, W) in an eighth of its bytes."""
    return np.packbits(mask.ravel())


def unpacked_mask(bits: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask (H, W) again. Raises Malformed where the number of bits does not fit."""
    count = shape[0] * shape[1]
    if bits.ndim != 1 or bits.dtype != np.uint8 or len(bits) != -(-count // 8):
        raise Malformed(f"a mask of {shape} does not come in {bits.shape} of {bits.dtype}")
    return np.unpackbits(bits, count=count).astype(np.bool_).reshape(shape)


def error_values(error: HandoverError) -> dict[str, Any]:
    """An expected failure as JSON: its classes from the nearest to HandoverError, its words, its facts."""
    kinds = [_kind(each) for each in type(error).__mro__ if issubclass(each, HandoverError)]
    facts = {name: value for name, value in vars(error).items() if _is_plain(value)}
    return {"kinds": kinds, "message": str(error), "facts": facts}


def error_again(values: Mapping[str, Any]) -> HandoverError:
    """The failure that `error_values` described. Raises Malformed."""
    kinds, message, facts = values.get("kinds"), values.get("message"), values.get("facts")
    if not (isinstance(kinds, list) and isinstance(message, str) and isinstance(facts, dict)):
        raise Malformed("a failure needs kinds, a message and facts")
    known = {_kind(each): each for each in _family(HandoverError)}
    kind = next((known[name] for name in kinds if name in known), HandoverError)
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    for name, value in facts.items():
        if _is_plain(value) and str(name).isidentifier() and not hasattr(kind, str(name)):
            setattr(error, str(name), value)
    return error


def _kind(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _family(kind: type[HandoverError]) -> Iterator[type[HandoverError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _family(each)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
