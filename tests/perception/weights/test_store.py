"""The store: what it hands out, what it notices, and what was brought by hand."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from hardware.errors import UnknownName
from perception.weights import errors
from perception.weights.by_hand import add
from perception.weights.catalogue import CATALOGUE, ENTRIES, PROFILES, Address, HubRepository, entries_of
from perception.weights.lock import FILE, read_lock
from perception.weights.options import WeightsOptions
from perception.weights.store import check, store_folder, weights_path
from tests.perception.weights.hub import entry

CONTENT = b"tensors" * 1000
FREE = CATALOGUE["person_detector"]


def file_entry(content: bytes = CONTENT) -> Address:
    return Address("http://127.0.0.1/sam.pth", hashlib.sha256(content).hexdigest(), len(content))


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """What a user may have: a model of transformers with more around it."""
    folder = tmp_path / "rtdetr"
    (folder / ".git").mkdir(parents=True)
    for name in ("config.json", "preprocessor_config.json", "model.safetensors", ".gitattributes"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_the_environment_moves_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANDOVER_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store_folder() == tmp_path / "handover" / "weights"
    assert store_folder(WeightsOptions(dir="/elsewhere")) == Path("/elsewhere")
    monkeypatch.setenv("HANDOVER_WEIGHTS", "~/weights")
    assert store_folder(WeightsOptions(dir="/elsewhere")) == Path.home() / "weights"


def test_what_is_missing_is_named_with_its_command(store: Path) -> None:
    with pytest.raises(errors.WeightsMissing, match="`handover models pull vitpose`"):
        weights_path("vitpose")
    with pytest.raises(errors.WeightsMissing, match="sam_vit_h or sam_vit_l or sam_vit_b"):
        weights_path("sam")
    with pytest.raises(UnknownName, match="did you mean vitpose"):
        weights_path("vitposs")


def test_the_best_of_several_is_taken(store: Path, tmp_path: Path) -> None:
    for name in ("sam_vit_b", "sam_vit_l"):
        path = tmp_path / f"{name}.pth"
        path.write_bytes(name.encode())
        add(entry(file_entry(name.encode()), name), path, store, ())
    assert weights_path("sam").name == "sam_vit_l.pth"


def test_a_folder_brought_by_hand(store: Path, model_folder: Path) -> None:
    locked = add(FREE, model_folder, store, ())
    assert {file.name for file in weights_path("person").iterdir()} == set(locked.files)
    assert set(locked.files) == {"config.json", "preprocessor_config.json", "model.safetensors"}
    assert locked.revision is None


def test_a_file_brought_by_hand_has_to_be_the_published_one(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "sam.pth"
    other.write_bytes(b"something else")
    with pytest.raises(errors.NotTheseWeights, match=r"its SHA-256 is .* the published file's"):
        add(entry(file_entry()), other, store, ())
    other.write_bytes(CONTENT)
    add(entry(file_entry()), other, store, ())
    assert weights_path("sam_vit_b").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("person_detector", "nowhere", "no such file or folder"),
        ("person_detector", "rtdetr/config.json", "a folder with config.json"),
        ("person_detector", "rtdetr/.git", "it lacks config.json"),
        ("sam_vit_b", "rtdetr", "a file is needed"),
    ],
)
def test_what_cannot_be_added_says_why(
    store: Path, model_folder: Path, name: str, path: str, said: str
) -> None:
    with pytest.raises(errors.NotTheseWeights, match=said):
        add(CATALOGUE[name], model_folder.parent / path, store, ())
    assert read_lock(store) == {}


def test_by_hand_needs_consent_and_space_too(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(CONTENT)
    bound = CATALOGUE["contact_graspnet"]
    with pytest.raises(errors.LicenceNotAccepted, match="non-commercial"):
        add(bound, path, store, ())
    with pytest.raises(errors.NoSpace):
        add(bound, path, store, ("contact_graspnet",), free=lambda folder: 10)
    add(bound, path, store, ("contact_graspnet",))
    assert weights_path("contact_graspnet").read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["shorter", "other bytes", "gone"])
def test_a_change_is_noticed_before_a_model_loads_it(store: Path, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "sam.pth"
    path.write_bytes(CONTENT)
    add(entry(file_entry()), path, store, ())
    kept = weights_path("sam_vit_b")
    if fault == "gone":
        kept.unlink()
    else:
        kept.write_bytes(CONTENT[:-1] if fault == "shorter" else CONTENT[::-1])
        os.utime(kept, ns=(1, 1))
    with pytest.raises(errors.WeightsChanged, match=r"sam.pth (differs|is missing).*pull sam_vit_b"):
        weights_path("sam_vit_b")


def test_bytes_swapped_under_an_old_time_stamp_need_a_thorough_look(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "sam.pth"
    path.write_bytes(CONTENT)
    mine = entry(file_entry())
    add(mine, path, store, ())
    kept = weights_path("sam_vit_b")
    stamp = kept.stat().st_mtime_ns
    kept.write_bytes(CONTENT[::-1])
    os.utime(kept, ns=(stamp, stamp))
    check(mine, store)
    with pytest.raises(errors.WeightsChanged):
        check(mine, store, thorough=True)


def test_a_copied_store_is_hashed_once_and_trusted_again(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sam.pth"
    path.write_bytes(CONTENT)
    add(entry(file_entry()), path, store, ())
    os.utime(weights_path("sam_vit_b"), ns=(5, 5))
    assert weights_path("sam_vit_b").read_bytes() == CONTENT
    monkeypatch.setattr("perception.weights.store.fingerprint", None)  # would be called for a doubtful file
    weights_path("sam_vit_b")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 2, "weights": {}}', '{"version": 1, "weights": {"owlvit": {"x": 1}}}'],
)
def test_a_record_that_cannot_be_read_is_told(store: Path, text: str) -> None:
    store.mkdir()
    (store / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(errors.LockUnreadable, match=r"lock.json cannot be read"):
        weights_path("owlvit")


def test_the_catalogue_is_whole() -> None:
    assert len(CATALOGUE) == len(ENTRIES)
    for profile in PROFILES:
        assert entries_of(profile)
    for each in ENTRIES:
        assert each.licence
        assert each.licence_page.startswith("https://")
        if isinstance(each.source, Address):
            assert len(bytes.fromhex(each.source.sha256)) == 32
        if isinstance(each.source, HubRepository):
            assert each.source.repo.count("/") == 1
    with pytest.raises(UnknownName, match="paper"):
        entries_of("papper")
