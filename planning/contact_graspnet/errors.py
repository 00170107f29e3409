"""What keeps Contact-GraspNet from being loaded, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from planning.errors import PlanningError

SHOWN_CHARACTERS = 400
"""Of each list of names: a file of another network differs in all of them."""


class WeightsAbsent(PlanningError):
    """The file that the configuration names is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"there are no weights of Contact-GraspNet at {path}; correct "
            "planning.contact_graspnet.checkpoint, or leave it null and run "
            "`handover models pull contact_graspnet`"
        )


class WeightsRefused(PlanningError):
    """The file does not hold this network; `faults` say all that differs, the message as much as fits."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        shown = (
            fault
            if len(fault) <= SHOWN_CHARACTERS
            else f"{fault[:SHOWN_CHARACTERS]}... ({fault.count(', ') + 1})"
            for fault in faults
        )
        super().__init__(
            f"{path} cannot be loaded as Contact-GraspNet: {'; '.join(shown)}; the public "
            "PyTorch checkpoint, model.pt, is needed: `handover models pull contact_graspnet` fetches it"
        )


class NoGpu(PlanningError):
    """A GPU is asked for that PyTorch does not see."""

    def __init__(self) -> None:
        super().__init__(
            "Contact-GraspNet is to run on cuda, but PyTorch sees no GPU here; "
            "set planning.contact_graspnet.device to auto or cpu"
        )
