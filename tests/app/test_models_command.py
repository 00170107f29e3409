"""`handover models` from the command line, against a hub on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import main
from perception.weights.catalogue import CATALOGUE, Entry
from perception.weights.lock import read_lock
from tests.perception.weights.conftest import hub, store  # noqa: F401  # fixtures
from tests.perception.weights.hub import FIRST, SECOND, Hub

pytestmark = pytest.mark.usefixtures("elsewhere")
CONTENT = b"tensors" * 5000


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No config.yaml in the working directory, nobody at a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)


@pytest.fixture
def owlvit(hub: Hub) -> Hub:  # noqa: F811
    hub.offer("google/owlvit-base-patch32", FIRST, config_json=b"{}", model_safetensors=CONTENT)
    return hub


@pytest.fixture
def graspnet(hub: Hub) -> Hub:  # noqa: F811
    entry: Entry = CATALOGUE["contact_graspnet"]
    (path,) = entry.source.files  # type: ignore[union-attr]
    hub.repositories[entry.source.repo] = {FIRST: {path: CONTENT}}  # type: ignore[union-attr]
    return hub


def test_pull_shows_sizes_first_and_hashes_after(
    owlvit: Hub,
    store: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models", "pull", "owlvit", "--yes"]) == 0
    shown = capsys.readouterr().out
    digest = read_lock(store)["owlvit"].files["model.safetensors"].sha256
    cost, hashes = shown.index("to download to"), shown.index(digest)
    assert cost < hashes
    assert "0.0 MB" in shown[:cost]  # 35 kB
    assert "Apache-2.0" in shown[:cost]
    assert FIRST[:12] in shown
    assert main(["models", "pull", "owlvit"]) == 0
    assert "everything is here" in capsys.readouterr().out


def test_pull_needs_a_yes(owlvit: Hub, store: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert main(["models", "pull", "owlvit"]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert owlvit.file_requests() == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_pull_asks_at_a_terminal(
    owlvit: Hub,
    store: Path,  # noqa: F811
    answer: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert main(["models", "pull", "owlvit"]) == code
    assert ("owlvit" in read_lock(store)) == (code == 0)


def test_a_licence_has_to_be_accepted_by_its_name(
    graspnet: Hub,
    store: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models", "pull", "contact_graspnet", "--yes"]) == 2
    assert "--accept-licence contact_graspnet" in capsys.readouterr().err
    assert main(["models", "pull", "contact_graspnet", "--yes", "--accept-licence", "owlvit"]) == 2
    assert "no terms to accept" in capsys.readouterr().err
    assert graspnet.file_requests() == []
    words = ["models", "pull", "contact_graspnet", "--yes", "--accept-licence", "contact_graspnet"]
    assert main(words) == 0
    assert "non-commercial" in read_lock(store)["contact_graspnet"].accepted
    assert main(["models", "where", "contact_graspnet"]) == 0
    path = Path(capsys.readouterr().out.splitlines()[-1])
    assert path.read_bytes() == CONTENT


def test_a_licence_declined_at_a_terminal_is_left_out(
    graspnet: Hub,
    owlvit: Hub,
    store: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "yes")  # not the name
    assert main(["models", "pull", "contact_graspnet", "owlvit"]) == 1
    assert set(read_lock(store)) == {"owlvit"}
    assert "left out: contact_graspnet" in capsys.readouterr().out


def test_an_update_takes_the_newest(owlvit: Hub, store: Path) -> None:  # noqa: F811
    assert main(["models", "pull", "owlvit", "--yes"]) == 0
    owlvit.offer("google/owlvit-base-patch32", SECOND, config_json=b"{}", model_safetensors=b"new")
    assert main(["models", "pull", "owlvit", "--yes"]) == 0
    assert read_lock(store)["owlvit"].revision == FIRST
    assert main(["models", "pull", "owlvit", "--yes", "--update"]) == 0
    assert read_lock(store)["owlvit"].revision == SECOND


def test_verify_finds_what_changed(
    owlvit: Hub,
    store: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models", "verify"]) == 0
    assert "holds no weights" in capsys.readouterr().out
    assert main(["models", "pull", "owlvit", "--yes"]) == 0
    assert main(["models", "verify"]) == 0
    assert "owlvit: as recorded, 0.0 MB" in capsys.readouterr().out
    (store / read_lock(store)["owlvit"].place / "config.json").write_bytes(b"{1}")
    assert main(["models", "verify"]) == 1
    assert "config.json differs" in capsys.readouterr().out


def test_list_tells_what_is_here_and_what_is_configured(
    owlvit: Hub,
    store: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models", "pull", "owlvit", "--yes"]) == 0
    capsys.readouterr()
    assert main(["models", "list", "--back-ends.segmenter", "sam"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line for line in lines if line and not line.startswith(" ")}
    assert rows["owlvit"].split()[1] == "here"
    assert rows["vitpose"].split()[1] == "-"
    assert "375.0 MB" in rows["sam_vit_b"]
    assert "non-commercial" in rows["contact_graspnet"]
    assert set(CATALOGUE) <= set(rows)
    assert "configured" in lines[lines.index(rows["sam_vit_b"]) + 1]
    assert "configured" not in lines[lines.index(rows["owlvit"]) + 1]


def test_a_file_is_added_by_hand(
    store: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "fast_res50_256x192.pth"
    path.write_bytes(CONTENT)
    assert main(["models", "add", "alphapose", str(path)]) == 2
    assert "--accept-licence alphapose" in capsys.readouterr().err
    assert main(["models", "add", "alphapose", str(path), "--accept-licence", "alphapose"]) == 0
    assert read_lock(store)["alphapose"].files[path.name].sha256 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["models", "pul"], "did you mean pull"),
        (["models", "pull", "owlvitt"], "did you mean owlvit"),
        (["models", "pull", "owlvit", "--profile", "small"], "not both"),
        (["models", "pull", "alphapose"], "by hand from https://github.com/MVIG-SJTU/AlphaPose"),
        (["models", "pull", "owlvit", "--offline"], "offline: owlvit would have to be downloaded"),
        (["models", "where", "owlvit"], "handover models pull owlvit"),
        (["models", "add", "owlvit", "nowhere"], "no such file or folder"),
    ],
)
def test_mistakes_are_one_clear_message(
    store: Path,  # noqa: F811
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err
