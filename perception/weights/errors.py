"""What can be wrong with model weights, each with the command that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perception.errors import PerceptionError


class WeightsError(PerceptionError):
    """Weights could not be found, fetched or trusted."""


class WeightsMissing(WeightsError):
    """A back end's weights are not in the store."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        what = " or ".join(names)
        super().__init__(
            f"there are no weights of {what} in {folder}; run `handover models pull {names[-1]}`, "
            f"or `handover models add {names[-1]} FILE` with your own copy"
        )


class WeightsChanged(WeightsError):
    """A file in the store is not the one that was recorded."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(
            f"the weights of {name} are not those recorded: {'; '.join(faults)}; "
            f"`handover models pull {name}` fetches the recorded ones again, with --update the newest"
        )


class LockUnreadable(WeightsError):
    """The record of what was fetched cannot be read."""

    def __init__(self, path: Path, fault: str) -> None:
        super().__init__(
            f"{path} cannot be read ({fault}); put it back from a copy, or delete it and pull again"
        )
