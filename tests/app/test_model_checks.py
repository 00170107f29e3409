"""Which weights the configured back ends need, and what doctor says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.doctor.installed import examine, main
from app.models.checks import weights_findings
from app.models.needed import LEARNED, needed
from app.options import BackEnds, Config
from perception.models.options import LoadOptions, ModelOptions, OwlVitOptions, SamOptions
from perception.options import PerceptionOptions
from perception.remote.options import RemoteOptions
from perception.weights.by_hand import add
from perception.weights.catalogue import CATALOGUE
from perception.weights.errors import WeightsMissing
from perception.weights.lock import FILE, read_lock
from perception.weights.store import weights_path
from tests.perception.weights.conftest import store  # noqa: F401  # a fixture


def configured(*, checkpoint: str | None = None, url: str | None = None, **names: str) -> Config:
    models = ModelOptions(owlvit=OwlVitOptions(load=LoadOptions(checkpoint=checkpoint)))
    perception = PerceptionOptions(models=models, remote=RemoteOptions(url=url))
    return Config(back_ends=replace(BackEnds(), **names), perception=perception)  # type: ignore[arg-type]


@pytest.fixture
def person_detector(store: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The store with one model in it; returns the path of its tensors."""
    folder = tmp_path / "rtdetr"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes(name.encode())
    add(CATALOGUE["person_detector"], folder, store, ())
    return weights_path("person_detector") / "model.safetensors"


def test_every_learned_back_end_has_weights_in_the_catalogue() -> None:
    for (step, back_end), models in LEARNED.items():
        needs = list(needed(configured(**{step: back_end})))
        assert len(needs) == len(models)
        assert all(name in CATALOGUE for need in needs for name in need.names)
    assert list(needed(Config())) == []


def test_missing_weights_count_and_name_their_command(
    store: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    findings = {
        subject: (state, words) for subject, state, words in weights_findings(configured(segmenter="sam"))
    }
    state, words = findings["segmenter (sam)"]
    assert state == "missing"
    assert "handover models pull sam_vit_b" in words
    file = tmp_path / "mine.yaml"
    file.write_text("back_ends: {detector: owlvit}\n", encoding="utf-8")
    assert main(["--config", str(file)]) == 1
    assert "detector (owlvit)" in capsys.readouterr().out


def test_weights_that_are_here_are_told_with_their_origin(person_detector: Path) -> None:
    findings = list(weights_findings(configured(human="vitpose")))
    assert [(subject, state) for subject, state, _ in findings] == [
        ("human (vitpose)", "ok"),
        ("human (vitpose)", "missing"),
    ]
    assert "person_detector, as recorded, from by hand: rtdetr" in findings[0][2]


@pytest.mark.parametrize("used", [True, False])
def test_a_changed_file_is_wrong_used_or_not(person_detector: Path, used: bool) -> None:
    person_detector.write_bytes(b"something else")
    config = configured(human="vitpose") if used else Config()
    ((_, state, words), *_) = weights_findings(config)
    assert state == "wrong"
    assert "model.safetensors differs" in words


def test_what_is_here_and_not_configured_is_told_too(person_detector: Path) -> None:
    ((subject, state, words),) = weights_findings(Config())
    assert (subject, state) == ("person_detector", "ok")
    assert "not configured" in words


@pytest.mark.parametrize(("there", "state"), [(True, "ok"), (False, "missing")])
def test_files_of_the_users_own(
    store: Path,  # noqa: F811
    tmp_path: Path,
    there: bool,
    state: str,
) -> None:
    path = tmp_path if there else tmp_path / "nowhere"
    ((_, found, words),) = weights_findings(configured(detector="owlvit", checkpoint=str(path)))
    assert found == state
    assert str(path) in words


def test_a_name_as_checkpoint_means_the_store(person_detector: Path) -> None:
    from perception.models.checkpoint import find_checkpoint

    ((_, state, words), *_) = weights_findings(configured(detector="owlvit", checkpoint="owlv2"))
    assert state == "missing"
    assert "pull owlv2" in words
    assert find_checkpoint("owlvit", LoadOptions(checkpoint="person_detector")) == person_detector.parent


def test_the_sam_that_is_configured_is_the_one_looked_for(store: Path) -> None:  # noqa: F811
    from perception.models.sam import SamSegmenter

    options = SamOptions(type="vit_l")
    config = Config(
        back_ends=BackEnds(segmenter="sam"), perception=PerceptionOptions(models=ModelOptions(sam=options))
    )
    ((_, state, words),) = weights_findings(config)
    assert state == "missing"
    assert "no weights of sam_vit_l;" in words
    with pytest.raises(WeightsMissing, match="no weights of sam_vit_l in"):
        SamSegmenter(options)


def test_models_elsewhere_need_no_weights_here(store: Path) -> None:  # noqa: F811
    config = configured(detector="owlvit", url="http://gpu:8100")
    ((subject, state, words),) = weights_findings(config)
    assert (subject, state) == ("perception.remote", "ok")
    assert "http://gpu:8100" in words


def test_a_record_that_cannot_be_read_is_wrong(person_detector: Path, store: Path) -> None:  # noqa: F811
    assert read_lock(store)
    (store / FILE).write_text("{", encoding="utf-8")
    (check,) = [check for check in examine(None) if check.group == "weights"]
    assert check.state == "wrong"
    assert "lock.json cannot be read" in check.detail
