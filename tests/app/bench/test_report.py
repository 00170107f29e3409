"""`handover bench report`: one page that holds everything, says what made it, and takes no text for HTML."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import asdict, replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.bench.ablation import Setup
from app.bench.ablation_methods import METHODS
from app.bench.closed_loop import Episode
from app.bench.report_page import Figure, Section, page
from app.bench.report_plots import Share, shares_plot, times_plot
from app.bench.report_sections import options, section
from app.bench.sheet import Sheet
from app.cli import main
from app.config import as_values
from app.options import Config
from tests.app.bench.test_closed_loop import EPISODE
from tests.app.bench.test_closed_loop import row as closed_loop_row

VERSIONS = {"python": "3.11.7", "mujoco": "4.0.0"}
CONFIG = replace(Config(), sim=replace(Config().sim, clutter=2, depth_noise=0.5))


def results(folder: Path, rows: list[dict[str, Any]], **about: Any) -> Path:
    folder.mkdir(parents=True)
    lines = [{"about": {"config": as_values(CONFIG), **about}}, *rows]
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def closed_loop(folder: Path) -> Path:
    bad = Episode("mug", 2, "late", 1, 0.5, 9)
    rows = [
        {**closed_loop_row(EPISODE), "versions": VERSIONS},
        {**closed_loop_row(bad, "dropped", "dropped", drops=1), "versions": {**VERSIONS, "mujoco": "4.0.1"}},
    ]
    rows[1]["reason"] = "it <slipped> & fell"
    results(folder, rows, benchmark="closed-loop", realtime=False)
    (folder / "worst").mkdir()
    Image.new("RGB", (4, 3), (9, 8, 7)).save(folder / "worst" / "mug-2-late-1-0.5-9.png")
    Image.new("RGB", (4, 3)).save(folder / "worst" / "another.png")
    return folder


def ablation(folder: Path) -> Path:
    record = {"success": True, "share": 0.9, "failure": ""}
    methods = {name: dict(record) for name in METHODS} | {
        "A1": {"success": False, "share": None, "failure": "none"}
    }
    rows = [
        {"label": label, "instance": instance, "seed": seed, "failure": "", "methods": methods}
        for label, instance, seed in (("bottle", 1, 100), ("bottle", 2, 101), ("bottle", 1, 130))
    ]
    return results(folder, rows, benchmark="ablation", setup=asdict(Setup("labels", 0.2)))


def shown(text: str) -> str:
    """What a reader sees: no tags, characters as they are meant."""
    return unescape(re.sub(r"<[^>]*>", " ", text))


def test_page_needs_nothing_but_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    folders = [str(closed_loop(tmp_path / "loop")), str(ablation(tmp_path / "cuts"))]
    assert main(["bench", "report", *folders, "--out", str(out)]) == 0
    assert "page.html" in capsys.readouterr().out
    text = out.read_text(encoding="utf-8")
    sources = re.findall(r'src="([^"]*)"', text)
    assert len(sources) == 5
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.search(r"<script|<link|https?://|@import|url\(", text)
    assert "default-src 'none'" in text
    assert text.index("closed-loop: loop") < text.index("ablation: cuts")


def test_a_closed_loop_tells_tables_worst_pictures_versions_and_commands(tmp_path: Path) -> None:
    folder = closed_loop(tmp_path / "loop")
    made = section(folder)
    assert made.command == (
        "handover bench closed-loop --first-seed 7 --seeds 3 --objects hammer mug --scripts takes late "
        f"--clutter 0 1 --noise 1 0.5 --sim.clutter 2 --sim.depth-noise 0.5 --out {folder}"
    )
    facts = dict(made.facts)
    assert facts["trials"] == "2"
    assert facts["seeds"] == "7 to 9, 2 of them"
    assert facts["versions"] == "python 3.11.7, mujoco 4.0.0 (1 trials), mujoco 4.0.1 (1 trials)"
    again = f"handover bench rerun mug/2/late/1/0.5/9 --results {folder}"
    (picture,) = made.pictures
    assert (picture.caption, picture.command) == ("mug/2/late/1/0.5/9: no success: dropped", again)
    assert Image.open(io.BytesIO(picture.content)).getpixel((0, 0)) == (9, 8, 7)
    assert made.details[-1].rows[1] == ("mug/2/late/1/0.5/9", "9", "no success: dropped", again)
    text = shown(page([made]))
    assert "it <slipped> & fell" in text
    assert "trials without success" in text


def test_an_ablation_stands_beside_the_paper(tmp_path: Path) -> None:
    made = section(ablation(tmp_path / "cuts"))
    assert "--first-seed 100 --trials 2 --objects bottle --regions labels --label-errors 0.2" in made.command
    overall = made.sheets[0]
    assert overall.rows[0][:2] == ("A1", "no regions")
    assert overall.rows[0][4] == "32.7"
    assert b"<svg" in made.plots[0].content
    assert dict(made.facts)["seeds"] == "100 to 130, 3 of them"


def test_other_measurements_show_their_figures_and_plots(tmp_path: Path) -> None:
    content = {"seed": 4, "machine": {"system": "Linux"}, "rows": [{"stage": "a", "median_s": 0.123456}]}
    (tmp_path / "speed.json").write_text(json.dumps(content))
    Image.new("RGB", (4, 3)).save(tmp_path / "speed.png")
    made = section(tmp_path)
    assert made.command == f"handover bench speed --seed 4 --out {tmp_path}"
    assert ("machine.system", "Linux") in made.facts
    assert made.details[0].columns == ("stage", "median_s")
    assert made.details[0].rows == (("a", "0.1235"),)
    assert [plot.caption for plot in made.plots] == ["speed.png"]


def test_options_tell_what_is_not_the_default() -> None:
    config = as_values(
        replace(CONFIG, sim=replace(CONFIG.sim, person=replace(CONFIG.sim.person, present=False)))
    )
    assert options(as_values(Config())) == []
    assert options(config) == [
        "--sim.person.no-present",
        "--sim.clutter",
        "2",
        "--sim.depth-noise",
        "0.5",
    ]


def test_text_is_never_taken_for_html() -> None:
    evil = '<script>alert("x")</script>'
    text = page([Section(evil, evil, ((evil, evil),), (Sheet(evil, (evil,), ((evil,),)),))])
    assert "<script" not in text
    assert shown(text).count(evil) >= 6


def test_a_picture_is_its_own_address() -> None:
    address = Figure(b"\x00\xff", ".png", "").address
    assert address.startswith("data:image/png;base64,")
    assert base64.b64decode(address.partition(",")[2]) == b"\x00\xff"


def test_plots_are_the_same_for_the_same_figures() -> None:
    shares = [Share("a", 9, 10, 0.843), Share("b", 0, 0)]
    assert shares_plot("t", shares) == shares_plot("t", shares) != shares_plot("t", shares[:1])
    assert b"<svg" in times_plot("t", {"look": [1.0, 2.0], "pick": [3.0]})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there are no results of a benchmark in it"),
        (["speed"], "there are no results of a benchmark in it"),
        (["broken"], "it cannot be read"),
        (["other"], "the report knows closed-loop, ablation, methods"),
        (["empty"], "no trial of it is finished"),
        (["loop", "--out", "page.pdf"], "must end in .html"),
        (["loop", "--out", "no/such/page.html"], "cannot be written"),
    ],
)
def test_what_is_no_result_is_one_clear_error(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    closed_loop(tmp_path / "loop")
    results(tmp_path / "other", [{"seed": 0}], benchmark="study")
    results(tmp_path / "empty", [], benchmark="closed-loop")
    for name, text in (("speed", "[1]"), ("broken", "{")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.json").write_text(text)
    assert main(["bench", "report", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
