"""The plan of a study, study.yaml: who takes part, what is handed over, what is compared, what is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from app.config import read_yaml
from app.errors import UsageError
from app.study.errors import NotACode
from app.study.order import trial_order
from hardware.errors import BadFile

FILE = "study.yaml"
LOWEST, HIGHEST = 1, 5
"""The ends of the scale: do not agree at all, agree fully."""
SIMULATED_PREFIX, PREFIX = "SIM", "P"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_CODE = re.compile(r"[A-Z]+([0-9]{2,3})")

QUESTIONS: dict[str, str] = {
    "grasp_place": "The robot held the object where it should, and left me the part I wanted to take.",
    "free_room": "Robot and gripper stayed out of my hand's way.",
    "comfort": "Taking the object was comfortable for my arm and hand.",
    "satisfaction": "All in all I am content with this handover.",
}
"""What is asked unless the plan says otherwise: where the robot grasps, how far it intrudes, the effort of
taking, and the whole, which are the aims of arXiv 2409.17621; the words are this program's own."""


@dataclass(frozen=True)
class Plan:
    """A study; `conditions` maps a name to the options of `handover run` that make it.

    The defaults are the methods that arXiv 2409.17621 compares, with as many people and objects. AffNet-DR
    knows six of these; an object that one method cannot hand over counts in no method's mean.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    participants: int = 10
    objects: tuple[str, ...] = (
        "hammer",
        "mug",
        "screwdriver",
        "spatula",
        "scissors",
        "wrench",
        "torch",
        "ladle",
        "trowel",
        "pliers",
    )
    conditions: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "ours": ("--method", "ours"),
            "lan_grasp": ("--method", "lan_grasp"),
            "affnet_dr": ("--method", "affnet_dr"),
        }
    )
    questions: dict[str, str] = field(default_factory=lambda: dict(QUESTIONS))
    attempts: int = 3
    """Runs per trial until the first that succeeds; only that one is rated."""
    practice: str | None = "mug"
    """Handed over once before the first trial, not rated; null for none."""
    seed: int = 0
    """Seeds of simulated runs follow from it; the conditions of one object share theirs."""

    def code(self, index: int, simulated: bool) -> str:
        """The code of the participant with this index from 0."""
        return f"{SIMULATED_PREFIX if simulated else PREFIX}{index + 1:02d}"

    def index(self, code: str, simulated: bool) -> int:
        """The index from 0 of a participant's code, which has one spelling only: two would be two people.

        Raises NotACode for whatever else was typed.
        """
        found = _CODE.fullmatch(code)
        index = int(found[1]) - 1 if found else -1
        if not 0 <= index < self.participants or code != self.code(index, simulated):
            raise NotACode(code, self.code(0, simulated), self.code(self.participants - 1, simulated))
        return index

    def trials(self, participant: int) -> tuple[tuple[str, str], ...]:
        """(object, condition) of every trial of the participant with this index, in their order."""
        names = tuple(self.conditions)
        order = trial_order(participant, len(self.objects), len(names))
        return tuple((self.objects[thing], names[condition]) for thing, condition in order)

    def as_values(self) -> dict[str, Any]:
        """For JSON: what the trials of one folder must share."""
        return asdict(self)


def load_plan(folder: Path) -> Plan:
    """The plan in `folder`. Raises BadFile or ConfigError for what is missing or wrong."""
    path = folder / FILE
    if not path.is_file():
        raise BadFile(path, "there is no such plan", f"write one with `handover study new {folder}`")
    values, _ = read_yaml(path)
    return checked_plan(values, path)


def checked_plan(values: Mapping[str, Any], path: Path) -> Plan:
    """`values` as a plan; raises BadFile naming everything that is wrong."""
    from pydantic import TypeAdapter, ValidationError

    remedy = "mend it; `handover study new --help` tells what belongs there"
    try:
        plan = TypeAdapter(Plan).validate_python(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()]
        raise BadFile(path, "; ".join(faults), remedy) from error
    if faults := list(_faults(plan)):
        raise BadFile(path, "; ".join(faults), remedy)
    return plan


def _faults(plan: Plan) -> list[str]:
    from app.run_command import parse_request

    found = []
    if not 1 <= plan.participants <= 999:
        found.append(f"participants: {plan.participants} is out of bounds (1 to 999)")
    if not 1 <= plan.attempts <= 10:
        found.append(f"attempts: {plan.attempts} is out of bounds (1 to 10)")
    if plan.seed < 0:
        found.append(f"seed: {plan.seed} is negative")
    if not plan.objects or len(set(plan.objects)) != len(plan.objects):
        found.append("objects: at least one is needed, and none twice")
    if len(plan.conditions) < 2:
        found.append("conditions: at least two are needed to compare")
    if not plan.questions:
        found.append("questions: at least one is needed")
    for kind, names in (("conditions", plan.conditions), ("questions", plan.questions)):
        bad = [name for name in names if not _NAME.fullmatch(name)]
        if bad:
            found.append(f"{kind}: {', '.join(bad)}: small letters, digits and _ are allowed in a name")
    for label in (*plan.objects, *([plan.practice] if plan.practice else [])):
        try:
            parse_request(label)
        except UsageError as error:
            found.append(f"objects: {error}")
    return found
