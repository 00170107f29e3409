"""Downloads through the genuine packages from a hub on loopback: broken off, corrupt, changed, forbidden."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from perception.weights import errors
from perception.weights.catalogue import ByHand, Entry, HubRepository
from perception.weights.lock import LockedEntry, read_lock
from perception.weights.options import WeightsOptions
from perception.weights.pull import SPARE_BYTES, orders, pull
from perception.weights.store import check, location, weights_path
from tests.perception.weights.hub import FIRST, SECOND, Hub, entry

CONTENT = bytes(range(256)) * 4096
REPO = "somebody/owlvit"
MODEL = entry(HubRepository(REPO), "owlvit")
DEFAULTS = WeightsOptions()


def fetch(wanted: Entry, store: Path, *, update: bool = False) -> LockedEntry:
    pull(orders([wanted], store, DEFAULTS, update=update), store, ())
    return read_lock(store)[wanted.name]


def test_one_file_is_fetched_recorded_and_found(hub: Hub, store: Path) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    assert orders([wanted], store, DEFAULTS)[0].needed == len(CONTENT)
    locked = fetch(wanted, store)
    assert locked.files["sam.pth"].sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert weights_path("sam_vit_b").read_bytes() == CONTENT
    assert weights_path("sam") == weights_path("sam_vit_b")
    assert orders([wanted], store, DEFAULTS) == ()


def test_a_broken_connection_is_resumed_where_it_ended(hub: Hub, store: Path) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    hub.cut_after = 300_000
    with pytest.raises(errors.TransferBroken, match=r"262144 of 1048576 bytes .* goes on from there"):
        fetch(wanted, store)
    with pytest.raises(errors.WeightsMissing):
        weights_path("sam_vit_b")
    assert orders([wanted], store, DEFAULTS)[0].needed == len(CONTENT) - 262_144
    fetch(wanted, store)
    assert hub.file_requests() == [("/files/sam.pth", None), ("/files/sam.pth", "bytes=262144-")]
    assert weights_path("sam_vit_b").read_bytes() == CONTENT


def test_ctrl_c_keeps_what_came(hub: Hub, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    genuine = requests.Response.iter_content

    def interrupted(response: requests.Response, size: int) -> Iterator[bytes]:
        yield next(iter(genuine(response, size)))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(requests.Response, "iter_content", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(wanted, store)
    assert read_lock(store) == {}
    fetch(wanted, store)
    assert hub.file_requests()[-1] == ("/files/sam.pth", "bytes=65536-")
    assert weights_path("sam_vit_b").read_bytes() == CONTENT
    assert not list(store.rglob("*.part"))


def test_a_server_that_cannot_resume_sends_all_again(hub: Hub, store: Path) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    hub.cut_after, hub.ranges = 300_000, False
    with pytest.raises(errors.TransferBroken):
        fetch(wanted, store)
    fetch(wanted, store)
    assert weights_path("sam_vit_b").read_bytes() == CONTENT


def test_a_wrong_file_is_deleted_and_the_store_stays_as_it_was(hub: Hub, store: Path) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT, sha256="0" * 64))
    with pytest.raises(errors.TransferCorrupt, match=r"SHA-256 differs.*deleted"):
        fetch(wanted, store)
    assert read_lock(store) == {}
    assert not [path for path in store.rglob("*") if path.is_file() and path.stat().st_size > 0]


def test_a_part_of_another_file_does_not_get_through(hub: Hub, store: Path) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    hub.cut_after = 1000
    with pytest.raises(errors.TransferBroken):
        fetch(wanted, store)
    (part,) = store.rglob("*.part")
    part.write_bytes(b"\0" * 1000)
    with pytest.raises(errors.TransferCorrupt):
        fetch(wanted, store)
    fetch(wanted, store)
    assert weights_path("sam_vit_b").read_bytes() == CONTENT


def test_a_model_of_transformers_is_its_tensors_and_what_stands_beside_them(hub: Hub, store: Path) -> None:
    hub.offer(
        REPO,
        FIRST,
        config_json=b"{}",
        vocab_txt=b"a",
        model_safetensors=CONTENT,
        pytorch_model_bin=b"twice the same",
        README_md=b"words",
        tf_model_h5=b"another framework",
    )
    locked = fetch(MODEL, store)
    assert set(locked.files) == {"config.json", "vocab.txt", "model.safetensors"}
    assert locked.revision == FIRST
    assert {path.name for path in weights_path("owlvit").iterdir()} == set(locked.files)
    assert all("/resolve/" + FIRST in path for path, _ in hub.file_requests())


def test_files_named_by_the_catalogue_keep_their_path(hub: Hub, store: Path) -> None:
    hub.repositories[REPO] = {FIRST: {"checkpoints/model.pt": CONTENT, "other.pt": b"no"}}
    wanted = entry(HubRepository(REPO, ("checkpoints/model.pt",)), "contact_graspnet")
    locked = fetch(wanted, store)
    assert location(wanted, store, locked).read_bytes() == CONTENT
    assert list(locked.files) == ["checkpoints/model.pt"]


def test_the_recorded_revision_is_fetched_again_until_an_update(hub: Hub, store: Path) -> None:
    hub.offer(REPO, FIRST, config_json=b"{}", model_safetensors=b"first")
    fetch(MODEL, store)
    hub.offer(REPO, SECOND, config_json=b"{}", model_safetensors=b"second")
    (weights_path("owlvit") / "model.safetensors").write_bytes(b"tampered with")
    with pytest.raises(errors.WeightsChanged, match=r"model.safetensors differs"):
        weights_path("owlvit")
    assert fetch(MODEL, store).revision == FIRST
    assert (weights_path("owlvit") / "model.safetensors").read_bytes() == b"first"
    assert fetch(MODEL, store, update=True).revision == SECOND
    assert (weights_path("owlvit") / "model.safetensors").read_bytes() == b"second"
    kept = [path.name for path in store.iterdir() if not path.name.startswith(".")]
    assert sorted(kept) == ["lock.json", f"owlvit-{SECOND[:12]}"]
    assert orders([MODEL], store, DEFAULTS, update=True) == ()


def test_an_interrupted_update_leaves_the_old_weights_in_use(hub: Hub, store: Path) -> None:
    hub.offer(REPO, FIRST, config_json=b"{}", model_safetensors=CONTENT)
    fetch(MODEL, store)
    hub.offer(REPO, SECOND, config_json=b"{}", model_safetensors=CONTENT[::-1])
    hub.repositories[REPO][SECOND]["config.json"] = b"x" * 5000
    hub.cut_after = 10
    with pytest.raises(errors.TransferBroken):
        fetch(MODEL, store, update=True)
    check(MODEL, store, thorough=True)
    assert read_lock(store)["owlvit"].revision == FIRST


def test_a_file_spoiled_while_the_rest_was_missing_is_fetched_again(hub: Hub, store: Path) -> None:
    hub.offer(REPO, FIRST, config_json=b"{}", model_safetensors=CONTENT, tokenizer_json=b"x" * 5000)
    found = orders([MODEL], store, DEFAULTS)
    missing = hub.repositories[REPO][FIRST].pop("tokenizer.json")
    with pytest.raises(errors.TransferBroken, match="HTTP 404"):
        pull(found, store, ())
    (kept,) = store.rglob("model.safetensors")
    kept.write_bytes(CONTENT[::-1])
    hub.repositories[REPO][FIRST]["tokenizer.json"] = missing
    with pytest.raises(errors.TransferCorrupt, match="of owlvit is not the file"):
        pull(found, store, ())
    pull(found, store, ())
    assert (weights_path("owlvit") / "model.safetensors").read_bytes() == CONTENT


def test_other_content_under_the_recorded_revision_is_refused(hub: Hub, store: Path) -> None:
    hub.offer(REPO, FIRST, config_json=b"{}", model_safetensors=b"first")
    fetch(MODEL, store)
    hub.offer(REPO, FIRST, config_json=b"{1}", model_safetensors=b"first")
    (weights_path("owlvit") / "config.json").unlink()
    with pytest.raises(errors.SourceChanged, match=r"another config.json .* --update"):
        fetch(MODEL, store)


@pytest.mark.parametrize(
    ("refuse", "said"), [(None, "no such repository"), (403, "403"), (500, "500 Internal Server Error")]
)
def test_a_hub_that_refuses_is_quoted(hub: Hub, store: Path, refuse: int | None, said: str) -> None:
    hub.refuse = refuse
    with pytest.raises(errors.SourceUnusable, match=f"cannot be had from .*{said}"):
        orders([MODEL], store, DEFAULTS)


def test_a_lost_revision_names_the_way_out(hub: Hub, store: Path) -> None:
    hub.offer(REPO, FIRST, config_json=b"{}", model_safetensors=b"first")
    fetch(MODEL, store)
    del hub.repositories[REPO][FIRST]
    hub.offer(REPO, SECOND, config_json=b"{}", model_safetensors=b"second")
    (weights_path("owlvit") / "config.json").unlink()
    with pytest.raises(errors.SourceUnusable, match=r"revision a{40} is gone; .* --update"):
        fetch(MODEL, store)


def test_a_repository_without_a_model_is_told(hub: Hub, store: Path) -> None:
    hub.offer(REPO, FIRST, README_md=b"words")
    with pytest.raises(errors.SourceUnusable, match="no model of transformers"):
        orders([MODEL], store, DEFAULTS)


def test_a_file_gone_between_listing_and_download(hub: Hub, store: Path) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    found = orders([wanted], store, DEFAULTS)
    hub.files.clear()
    with pytest.raises(errors.TransferBroken, match="HTTP 404"):
        pull(found, store, ())


def test_no_server_at_all(store: Path) -> None:
    from perception.weights.catalogue import Address

    wanted = entry(Address("http://127.0.0.1:9/sam.pth", "0" * 64, 5))
    with pytest.raises(errors.TransferBroken, match="ConnectionError"):
        fetch(wanted, store)


def test_no_space_is_told_before_anything_comes(hub: Hub, store: Path) -> None:
    found = orders([entry(hub.address("sam.pth", CONTENT))], store, DEFAULTS)
    with pytest.raises(errors.NoSpace, match=r"0\.10 GB free, 0\.26 GB are needed"):
        pull(found, store, (), free=lambda folder: 100_000_000)
    assert hub.file_requests() == []
    pull(found, store, (), free=lambda folder: len(CONTENT) + SPARE_BYTES)


@pytest.mark.parametrize("by", ["option", "environment"])
def test_offline_downloads_nothing(hub: Hub, store: Path, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = entry(hub.address("sam.pth", CONTENT))
    options = WeightsOptions(offline=by == "option")
    if by == "environment":
        monkeypatch.setenv("HANDOVER_OFFLINE", "1")
    with pytest.raises(errors.Offline, match="sam_vit_b would have to be downloaded"):
        orders([wanted], store, options)
    assert hub.requests == []


def test_terms_are_accepted_by_name_and_once(hub: Hub, store: Path) -> None:
    bound = entry(hub.address("model.pt", CONTENT), "contact_graspnet", terms="not for sale")
    found = orders([bound], store, DEFAULTS)
    with pytest.raises(errors.LicenceNotAccepted, match=r"not for sale; .*--accept-licence contact_graspnet"):
        pull(found, store, ())
    assert hub.file_requests() == []
    pull(found, store, ("contact_graspnet",))
    assert read_lock(store)["contact_graspnet"].accepted == "not for sale"
    weights_path("contact_graspnet").unlink()
    pull(orders([bound], store, DEFAULTS), store, ())
    assert weights_path("contact_graspnet").read_bytes() == CONTENT


def test_what_people_download_is_said_so(store: Path) -> None:
    by_hand = Entry("alphapose", "a test", ByHand("https://example.org/zoo"), "a licence", "its page")
    with pytest.raises(errors.OnlyByHand, match=r"by hand from https://example.org/zoo; .* add alphapose"):
        orders([by_hand], store, DEFAULTS)


def test_two_pulls_at_once(hub: Hub, store: Path) -> None:
    from perception.weights.pull import sole_user

    found = orders([entry(hub.address("sam.pth", CONTENT))], store, DEFAULTS)
    with sole_user(store), pytest.raises(errors.StoreBusy):
        pull(found, store, ())
