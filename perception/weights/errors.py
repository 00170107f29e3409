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


class Offline(WeightsError):
    """A download was asked for and is forbidden."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"offline: {', '.join(names)} would have to be downloaded; unset HANDOVER_OFFLINE and "
            "perception.weights.offline, or bring the files with `handover models add NAME FILE`"
        )


class SourceUnusable(WeightsError):
    """Nothing came from where the weights should come from."""

    def __init__(self, name: str, source: object, fault: str, remedy: str) -> None:
        super().__init__(f"{name} cannot be had from {source}: {fault}; {remedy}")


class TransferBroken(WeightsError):
    """A download ended early; what came is kept."""

    def __init__(self, name: str, file: str, have: int, size: int | None, fault: str) -> None:
        of = f" of {size}" if size else ""
        super().__init__(
            f"the download of {name} broke off at {have}{of} bytes of {file} ({fault}); "
            f"`handover models pull {name}` goes on from there"
        )


class TransferCorrupt(WeightsError):
    """What came is not what was announced; it was deleted."""

    def __init__(self, name: str, file: str, fault: str) -> None:
        super().__init__(
            f"{file} of {name} is not the file it should be ({fault}) and was deleted; try again, and if it "
            "happens again, do not use that source"
        )


class NoSpace(WeightsError):
    """The disk would be full."""

    def __init__(self, folder: Path, needed: int, free: int) -> None:
        super().__init__(
            f"{folder} has {free / 1e9:.2f} GB free, {needed / 1e9:.2f} GB are needed; make room, or set "
            "perception.weights.dir or HANDOVER_WEIGHTS to a larger disk"
        )


class LicenceNotAccepted(WeightsError):
    """A licence has terms that have to be accepted by name."""

    def __init__(self, name: str, licence: str, page: str, terms: str) -> None:
        super().__init__(
            f"{name} stands under the {licence} ({page}): {terms}; to accept this, say "
            f"--accept-licence {name}"
        )


class OnlyByHand(WeightsError):
    """Programs cannot download it."""

    def __init__(self, name: str, page: str) -> None:
        super().__init__(
            f"{name} has to be downloaded by hand from {page}; then: `handover models add {name} FILE`"
        )


class StoreBusy(WeightsError):
    """Somebody else changes the store."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"another `handover models` is changing {folder}; wait for its end")


class NotTheseWeights(WeightsError):
    """A file brought by hand is not what the catalogue knows."""

    def __init__(self, name: str, path: Path, fault: str) -> None:
        super().__init__(f"{path} cannot be added as {name}: {fault}")


class SourceChanged(WeightsError):
    """The source offers something else than what was recorded."""

    def __init__(self, name: str, file: str) -> None:
        super().__init__(
            f"{name}: the source now has another {file} under the recorded revision; if you know why, "
            f"`handover models pull {name} --update` records the new one"
        )
