"""What a repository of the Hugging Face hub offers, through huggingface_hub: files, sizes, hashes, commit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from perception.weights.catalogue import Entry, HubRepository
from perception.weights.errors import SourceUnusable
from perception.weights.remote import Offer, RemoteFile

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ENDPOINT_VARIABLE = "HF_ENDPOINT"
TIMEOUT_S = 20.0
TENSORS = ("*.safetensors", "*.bin")
"""Formats of the weights of a transformers model, the first one found wins."""
BESIDE = ("*.json", "*.txt", "*.model", "*.jinja")
"""What else such a model needs: configuration, processor, vocabulary, chat template."""


def offer_of(entry: Entry, source: HubRepository, revision: str | None) -> Offer:
    """What the repository holds at `revision` (a commit), or at its head. Raises SourceUnusable."""
    import httpx2
    from huggingface_hub import HfApi, hf_hub_url
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    endpoint = os.environ.get(ENDPOINT_VARIABLE)
    api = HfApi(endpoint=endpoint)
    try:
        info = api.model_info(source.repo, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
    except GatedRepoError as error:
        remedy = f"accept its terms at {entry.licence_page} and set HF_TOKEN"
        raise SourceUnusable(entry.name, source, "access is restricted", remedy) from error
    except RepositoryNotFoundError as error:
        fault, remedy = "there is no such repository, or it is private", f"look at https://{source}"
        raise SourceUnusable(entry.name, source, fault, remedy) from error
    except RevisionNotFoundError as error:
        fault = f"the recorded revision {revision} is gone"
        remedy = f"`handover models pull {entry.name} --update` takes the newest"
        raise SourceUnusable(entry.name, source, fault, remedy) from error
    except HfHubHTTPError as error:
        raise SourceUnusable(entry.name, source, _first_line(error), "try later") from error
    except OfflineModeIsEnabled as error:
        raise SourceUnusable(entry.name, source, "HF_HUB_OFFLINE is set", "unset it") from error
    except (httpx2.HTTPError, OSError) as error:
        raise SourceUnusable(entry.name, source, _first_line(error), "is the network up?") from error
    there = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    names = _chosen(sorted(there), source)
    missing = [name for name in source.files if name not in there]
    if missing or not names or info.sha is None:
        fault = f"it has no {', '.join(missing) or 'model of transformers'}"
        raise SourceUnusable(entry.name, source, fault, f"look at https://{source}")
    files = []
    for name in names:
        url = hf_hub_url(source.repo, name, revision=info.sha, endpoint=endpoint)
        large = there[name].lfs  # of small files the hub knows no SHA-256
        files.append(RemoteFile(name, url, there[name].size, large.sha256 if large else None))
    return Offer(str(source), info.sha, tuple(files), _headers(api), _licence(info))


def _chosen(names: Sequence[str], source: HubRepository) -> list[str]:
    """The files to download: those of the catalogue, or a transformers model at the top of the repository."""
    if source.files:
        return [name for name in names if name in source.files]
    top = [name for name in names if "/" not in name]
    for pattern in TENSORS:
        tensors = [name for name in top if fnmatch(name, pattern)]
        if tensors:
            indices = {name for name in top if name.endswith(".index.json")}
            beside = [
                name for name in top if name not in indices and any(fnmatch(name, one) for one in BESIDE)
            ]
            kind = pattern.removeprefix("*")
            return sorted(tensors + beside + [name for name in indices if f"{kind}.index" in name])
    return []


def _headers(api: HfApi) -> dict[str, str]:
    from huggingface_hub.utils import build_hf_headers

    return {str(key): str(value) for key, value in build_hf_headers(token=api.token).items()}


def _licence(info: Any) -> str | None:
    """The licence as the repository's own card names it."""
    return getattr(info.card_data, "license", None) if info.card_data else None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
