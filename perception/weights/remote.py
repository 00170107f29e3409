"""What a source offers, and the transfer of one file of it: resumed where it broke off, verified by pooch."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perception.weights.errors import NoSpace, TransferBroken, TransferCorrupt

CHUNK = 1 << 16
TIMEOUT_S = 30.0
PART = ".part"


@dataclass(frozen=True)
class RemoteFile:
    """One file: its path below the entry's folder, where it is, size in bytes and sha256 where known."""

    name: str
    url: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True)
class Offer:
    """All files of an entry; revision and licence as the hub tells them; headers: what its requests need."""

    source: str
    revision: str | None
    files: tuple[RemoteFile, ...]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    licence: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all files whose size is known."""
        return sum(file.size or 0 for file in self.files)


def bytes_there(file: RemoteFile, folder: Path) -> int:
    """How much of a file is in `folder` already."""
    for path in (folder / file.name, part_of(file, folder)):
        if path.is_file():
            return path.stat().st_size
    return 0


def part_of(file: RemoteFile, folder: Path) -> Path:
    return folder / (file.name + PART)


def fetch(name: str, file: RemoteFile, folder: Path, headers: Mapping[str, str]) -> Path:
    """Bring one file of the entry `name` into `folder`, from where an earlier try ended.

    Raises TransferBroken (the part is kept), TransferCorrupt (it is deleted), NoSpace.
    """
    import pooch
    import requests

    target, part = folder / file.name, part_of(file, folder)
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.size is not None and part.is_file() and part.stat().st_size > file.size:
        part.unlink()
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            file.url,
            f"sha256:{file.sha256}" if file.sha256 else None,
            fname=target.name,
            path=target.parent,
            downloader=_Transfer(file, part, headers),
        )
    except ValueError as error:  # how pooch tells that the hash differs
        raise TransferCorrupt(name, file.name, "its SHA-256 differs") from error
    except requests.RequestException as error:
        have, fault = bytes_there(file, folder), _fault(error)
        raise TransferBroken(name, file.name, have, file.size, fault) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise NoSpace(folder, (file.size or 0) - bytes_there(file, folder), 0) from error
    if file.size is not None and target.stat().st_size != file.size:
        found = target.stat().st_size
        target.unlink()
        raise TransferCorrupt(name, file.name, f"{found} bytes, {file.size} were announced")
    return target


class _Transfer:
    """A downloader for pooch that writes into a part, and goes on with one where the server lets it."""

    def __init__(self, file: RemoteFile, part: Path, headers: Mapping[str, str]) -> None:
        self._file, self._part, self._headers = file, part, headers

    def __call__(self, url: str, output_file: str, pooch_: Any) -> None:
        if self._have() == 0 or self._have() != self._file.size:
            self._transfer(url)
        self._part.replace(output_file)

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0

    def _transfer(self, url: str) -> None:
        import requests
        from tqdm import tqdm

        have = self._have()
        headers = {**self._headers, "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and have:
                self._part.unlink()
                return self._transfer(url)
            response.raise_for_status()
            resumed = response.status_code == requests.codes.partial_content
            with (
                self._part.open("ab" if resumed else "wb") as part,
                tqdm(
                    desc=self._file.name,
                    initial=have if resumed else 0,
                    total=self._file.size,
                    unit="B",
                    unit_scale=True,
                    disable=None,  # shown on terminals only
                ) as bar,
            ):
                for chunk in response.iter_content(CHUNK):
                    part.write(chunk)
                    bar.update(len(chunk))


def _fault(error: Exception) -> str:
    """An error of a connection in a few words: the outermost text repeats all the inner ones."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    return type(error).__name__
