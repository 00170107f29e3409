"""The full-screen view: it follows, pauses, steps and jumps, and stays inside 80 columns of plain text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Static

from app.record.replay import Replay
from app.views.drawing import ASCII, UNICODE, Marks
from app.views.watch_screen import WatchScreen
from tests.app.test_replay import END, FIRST, tick, write


def finished(folder: Path) -> Replay:
    steps = [tick(n, nodes={"1": ["RUNNING", f"step {n} — läuft"]}) for n in range(1, 6)]
    return Replay(write(folder, FIRST, *steps, END))


def shown(screen: WatchScreen, part: str) -> str:
    return str(screen.query_one(f"#{part}", Static).content)


def drive(replay: Replay, keys: list[str], marks: Marks = UNICODE) -> tuple[str, str, str]:
    async def session() -> tuple[str, str, str]:
        screen = WatchScreen(replay, marks)
        async with screen.run_test(size=(80, 24)) as pilot:
            await pilot.press("space")
            await pilot.press("home")
            await pilot.press(*keys)
            return shown(screen, "head"), shown(screen, "moment"), shown(screen, "foot")

    return asyncio.run(session())


@pytest.mark.parametrize(
    ("keys", "feedback"),
    [
        (["right"], "step 2"),
        (["right", "right", "left"], "step 2"),
        (["end"], "step 5"),
        (["left"], "step 1"),
    ],
)
def test_stepping_shows_the_moment_stepped_to(tmp_path: Path, keys: list[str], feedback: str) -> None:
    assert feedback in drive(finished(tmp_path), keys)[1]


def test_the_end_names_the_outcome(tmp_path: Path) -> None:
    assert "handed_over" in drive(finished(tmp_path), ["end"])[0]


def test_the_plain_alphabet_has_no_other_sign_and_fits_80_columns(tmp_path: Path) -> None:
    text = "\n".join(drive(finished(tmp_path), ["right"], ASCII))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_a_running_record_is_followed(tmp_path: Path) -> None:
    folder = write(tmp_path, FIRST, tick(1), tick(2, nodes={"1": ["RUNNING", "second"]}))

    async def session() -> str:
        screen = WatchScreen(Replay(folder), UNICODE)
        async with screen.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            write(folder, FIRST, tick(1), tick(2, nodes={"1": ["RUNNING", "second"]}),
                  tick(3, nodes={"1": ["SUCCESS", "third"]}))  # fmt: skip
            screen._advance()
            await pilot.pause()
            return shown(screen, "moment") + shown(screen, "foot")

    text = asyncio.run(session())
    assert "third" in text
    assert "live" in text


def deep(folder: Path) -> Replay:
    """A tree far too tall for the screen, the last of its leaves running, with many keys."""
    tree = [{"id": 0, "name": "Root", "kind": "sequence", "depth": 0, "parent": None, "memory": True}]
    tree += [{**tree[0], "id": n, "name": f"Leaf {n}", "kind": "leaf", "depth": 1, "parent": 0}
             for n in range(1, 80)]  # fmt: skip
    nodes = {"0": ["RUNNING", ""], "79": ["RUNNING", "here"]}
    board = {"task/phase": "pick", "other/key": "x", **{f"more/{n}": "x" for n in range(30)}}
    moment = tick(1, nodes=nodes, bb=board, said=["Hello."])
    return Replay(write(folder, {**FIRST, "tree": tree}, moment, END))


def test_what_runs_its_keys_and_the_speech_fit_the_screen_and_t_shows_everything(tmp_path: Path) -> None:
    _, compact, _ = drive(deep(tmp_path), [])
    assert len(compact.splitlines()) <= 22
    for words in ("Leaf 79  here", "task/phase  pick", "robot: Hello."):
        assert words in compact
    _, whole, _ = drive(deep(tmp_path), ["t"])
    assert len(whole.splitlines()) == 80 + 32 + 1
    assert drive(deep(tmp_path), ["t", "t"])[1] == compact


def test_the_keys_are_named_in_80_columns(tmp_path: Path) -> None:
    assert drive(finished(tmp_path), [])[2].endswith("q leave")


def test_pausing_a_running_record_holds_its_moment_and_end_follows_again(tmp_path: Path) -> None:
    folder = write(tmp_path, FIRST, tick(1, nodes={"1": ["RUNNING", "first"]}))
    more = tick(2, nodes={"1": ["RUNNING", "second"]})

    async def session() -> list[str]:
        screen, seen = WatchScreen(Replay(folder), UNICODE), []
        async with screen.run_test(size=(80, 24)) as pilot:
            await pilot.press("space")
            write(folder, FIRST, tick(1, nodes={"1": ["RUNNING", "first"]}), more)
            screen._advance()
            seen.append(shown(screen, "moment") + shown(screen, "foot"))
            await pilot.press("end")
            screen._advance()
            seen.append(shown(screen, "moment") + shown(screen, "foot"))
            write(folder, FIRST, tick(1, nodes={"1": ["RUNNING", "first"]}), more, END)
            screen._advance()
            seen.append(shown(screen, "head") + shown(screen, "foot"))
        return seen

    held, followed, over = asyncio.run(session())
    assert "first" in held
    assert "paused 1/2" in held
    assert "second" in followed
    assert "live 2/2" in followed
    assert "handed_over" in over
    assert "paused 3/3" in over


def test_nothing_is_drawn_while_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = finished(tmp_path)
    drawn: list[int] = []

    async def session() -> None:
        screen = WatchScreen(replay, UNICODE)
        async with screen.run_test(size=(80, 24)) as pilot:
            await pilot.press("end")
            await pilot.pause()
            monkeypatch.setattr(screen, "_show", lambda: drawn.append(1))
            for _ in range(5):
                screen._advance()

    asyncio.run(session())
    assert drawn == []
