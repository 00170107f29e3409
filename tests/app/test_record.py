"""What a run leaves in its folder: lines, run.json, the dialogue, pictures, short texts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.jobs import Job, Lane
from app.record.album import Album
from app.record.conversation import Conversation
from app.record.replay import Replay
from app.record.short import LIMIT, short
from app.record.writer import Recorder
from app.ticks import Node, NodeState, Result, Tick
from behaviours import keys
from behaviours.keys import Failure, Outcome, SecondOpinion, Unanswered
from hardware.types import ArmState, GripperState, RobotState, Trajectory
from perception.types import Detection, HandoverRequest, Message, Picture, RegionCells, Regions, Reply
from planning.types import GraspPlan, HandoverPose, Phase, Rejection, ToolGoal
from tests.bar import HEIGHT, WIDTH, bar_mask, bar_regions, grasp_at, person, table_picture

NODES = (
    Node(0, "Handover", "parallel", 0, None),
    Node(1, "Read Robot", "leaf", 1, 0),
)


def tick(number: int, board: dict[str, Any] | None = None, **changes: Any) -> Tick:
    fields: dict[str, Any] = {"nodes": {}, "board": board or {}, "said": ()}
    return Tick(number, 0.02 * number, 0.01, 0.0005, 0.0, "Read Robot", **{**fields, **changes})


def robot(angle: float = 0.0, fault: str | None = None, stamp_s: float = 0.0) -> RobotState:
    zeros = np.zeros(7)
    arm = ArmState(np.full(7, angle), zeros, zeros, np.zeros(6), fault, stamp_s)
    return RobotState(arm, GripperState(0.085, 0.0, False, stamp_s))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def begun(folder: Path, **options: Any) -> Recorder:
    recorder = Recorder(folder, {"request": "mug", "seed": 7, "config": {"a": 1}}, **options)
    recorder.begin(NODES, HandoverRequest("mug"))
    return recorder


# events.jsonl and run.json --------------------------------------------------------------------------------


def test_only_changed_ticks_are_written_and_each_line_is_there_at_once(tmp_path: Path) -> None:
    recorder = begun(tmp_path)
    recorder.tick(tick(1, nodes={0: NodeState("RUNNING", "")}))
    assert [line.get("tick") for line in lines(tmp_path)] == [None, 1]
    recorder.tick(tick(2))
    recorder.tick(tick(3, said=("Here is the mug.",)))
    recorder.tick(tick(4, {keys.PHASE: Phase.LOOK}))
    recorder.tick(tick(5, {keys.PHASE: Phase.LOOK}))
    recorder.tick(tick(6, {keys.PHASE: None}))
    written = lines(tmp_path)
    assert [line.get("tick") for line in written] == [None, 1, 3, 4, 6]
    assert written[0]["schema"] == 1
    assert written[3]["bb"] == {keys.PHASE: Phase.LOOK.value}
    assert written[4]["bb"] == {keys.PHASE: None}


def test_readings_of_every_tick_are_thinned_to_the_telemetry_rate(tmp_path: Path) -> None:
    recorder = begun(tmp_path, telemetry_hz=5.0)
    for number in range(1, 101):
        recorder.tick(tick(number, {keys.ROBOT: robot(0.02 * number)}))
    assert len(lines(tmp_path)) - 1 == pytest.approx(0.02 * 100 * 5.0, abs=1)


def test_the_end_is_the_last_line_and_run_json_holds_the_whole_story(tmp_path: Path) -> None:
    recorder = begun(tmp_path)
    about = json.loads((tmp_path / "run.json").read_text())
    assert about["seed"] == 7
    assert "outcome" not in about
    assert {"python", "mujoco", "py_trees"} <= about["versions"].keys()
    recorder.end(
        Result(
            Outcome.NOT_TAKEN,
            "nobody came",
            "Wait For Take",
            duration_s=12.3456,
            failures={"Wait For Take": 2},
            score={"drops": np.int64(0), "force_n": np.array([1.5])},
        )
    )
    assert lines(tmp_path)[-1] == {
        "run_state": "done",
        "t": 12.3456,
        "wall": 0.0,
        "outcome": "not_taken",
        "leaf": "Wait For Take",
        "reason": "nobody came",
    }
    told = json.loads((tmp_path / "run.json").read_text())
    assert (told["seed"], told["config"], told["outcome"]) == (7, {"a": 1}, "not_taken")
    assert told["counts"]["failures"] == {"Wait For Take": 2}
    assert told["timings"]["duration_s"] == 12.346
    assert told["score"] == {"drops": 0, "force_n": [1.5]}
    assert not (tmp_path / "error.txt").exists()


def test_an_error_leaves_its_traceback(tmp_path: Path) -> None:
    recorder = begun(tmp_path)
    try:
        raise ValueError("boom")
    except ValueError as error:
        recorder.end(Result(Outcome.ERROR, "ValueError: boom", error=error))
    assert lines(tmp_path)[-1]["run_state"] == "fault"
    assert "ValueError: boom" in (tmp_path / "error.txt").read_text()


def test_when_every_job_began_and_ended_is_written_and_reads_back(tmp_path: Path) -> None:
    """But the tracker's, of which there is one for every picture."""
    ask = Job("Ask VLM", Lane.TREE, 1.0, 3.0)
    propose = Job("Propose Grasps", Lane.BESIDE, 1.5, 2.25)
    recorder = begun(tmp_path)
    recorder.tick(replace(tick(1), jobs=(propose, Job("track human", Lane.TRACKER, 0.0, 0.1))))
    recorder.tick(replace(tick(2), jobs=(Job("track human", Lane.TRACKER, 0.1, 0.2),)))
    recorder.tick(replace(tick(3), jobs=(ask,)))
    recorder.end(Result(Outcome.HANDED_OVER))
    written = [line.get("jobs") for line in lines(tmp_path)]
    assert [["Propose Grasps", "beside", 1.5, 2.25]] in written
    assert Replay(tmp_path).moments[-1].jobs == (propose, ask)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    recorder = begun(tmp_path)
    recorder.tick(tick(1, {keys.PHASE: Phase.LOOK}, nodes={1: NodeState("RUNNING", "läuft …")}))
    recorder.end(Result(Outcome.HANDED_OVER))
    replay = Replay(tmp_path)
    assert replay.nodes == NODES
    assert replay.moments[0].states[1].feedback == "läuft …"
    assert replay.moments[-1].outcome == "handed_over"


# The dialogue ---------------------------------------------------------------------------------------------


def test_the_dialogue_is_kept_word_for_word(tmp_path: Path) -> None:
    recorder = begun(tmp_path)
    picture = Picture(b"\x89PNG bytes", (0.0, 0.0, 1.0, 1.0), 5, 0.0)
    asked = (Message("system", "Be brief."), Message("user", "Which cells?", (picture,)))
    recorder.tick(tick(1, {keys.VLM_PROMPT: asked}))
    recorder.tick(tick(2, {keys.VLM_REPLY: Reply("no idea\nat all", "a model")}))
    recorder.tick(tick(3, {keys.VLM_ERROR: "it is no JSON"}))
    recorder.tick(tick(4, {keys.VLM_PROMPT: (*asked, Message("user", "Again."))}))
    folder = tmp_path / "vlm"
    prompt = (folder / "01-prompt.txt").read_text()
    assert prompt == "[system]\nBe brief.\n\n[user]\nWhich cells?\n\n(01-picture-1.png)\n"
    assert (folder / "01-picture-1.png").read_bytes() == picture.png
    assert (folder / "01-reply.txt").read_text() == "no idea\nat all\n\n(a model)\n"
    assert (folder / "01-fault.txt").read_text() == "it is no JSON\n"
    assert (folder / "02-prompt.txt").read_text().endswith("[user]\nAgain.\n")


def test_a_question_without_a_reply_is_kept_with_what_left_the_machine(tmp_path: Path) -> None:
    recorder = begun(tmp_path)
    picture = Picture(b"\x89PNG bytes", (0.0, 0.0, 1.0, 1.0), 5, 0.0)
    asked = (Message("user", "Which cells?", (picture,)),)
    recorder.tick(tick(1, {keys.VLM_UNANSWERED: Unanswered(asked, "no answer within 20.0 s", 4000)}))
    recorder.tick(tick(2, {keys.VLM_PROMPT: asked, keys.VLM_REPLY: Reply("yes", "a model")}))
    recorder.tick(tick(3, {keys.VLM_SECOND: SecondOpinion(asked, Reply("no", "a model"))}))
    folder = tmp_path / "vlm"
    assert (folder / "01-error.txt").read_text() == "no answer within 20.0 s\n\n(4000 bytes sent)\n"
    assert (folder / "01-picture-1.png").read_bytes() == picture.png
    assert [(folder / f"{turn}-reply.txt").read_text()[:3].strip() for turn in ("02", "03")] == ["yes", "no"]


def test_a_reply_is_kept_with_what_it_cost(tmp_path: Path) -> None:
    conversation = Conversation(tmp_path / "vlm")
    conversation.answered(Reply("yes", "a model", 900, 12, bytes_sent=4000, cost=0.00123))
    text = (tmp_path / "vlm" / "00-reply.txt").read_text()
    assert text.endswith("(a model; tokens in 900; tokens out 12; 4000 bytes sent; cost 0.001230)\n")
    conversation.answered(Reply("yes", "a model", cached=True))
    assert "nothing was sent" in (tmp_path / "vlm" / "00-reply.txt").read_text()


# Pictures -------------------------------------------------------------------------------------------------


def path_of(joints: np.ndarray) -> Trajectory:
    return Trajectory(np.array([0.0, 1.0]), np.array([joints, joints + 0.1]), np.zeros((2, 7)))


def test_pictures_are_drawn_when_their_keys_are_written_and_numbered(tmp_path: Path) -> None:
    album = Album(tmp_path)
    recorder = begun(tmp_path, on_key_written=album.on_key_written)
    regions = Regions(bar_regions().robot_mask, bar_regions().human_mask, RegionCells((1,), (2,)), "a model")
    plan = GraspPlan(grasp_at(-0.05), path_of(np.zeros(7)), path_of(np.zeros(7)))
    rejected = (Rejection(grasp_at(-0.03).contact, "no way"),)
    goal = ToolGoal(plan.grasp.base_from_tcp, 0.04)
    handed = HandoverPose(goal, np.array([0.8, 0.0, 0.3]), 0.2, "level")
    recorder.tick(tick(1, {keys.FRAME: table_picture(), keys.REGIONS: regions}))
    recorder.tick(tick(2, {keys.GRASPS_REJECTED: rejected, keys.GRASP_QUEUE: (grasp_at(-0.07),)}))
    recorder.tick(tick(3, {keys.GRASP_PLAN: plan, keys.HUMAN: person(0.0)}))
    recorder.tick(tick(4, {keys.HANDOVER: handed, keys.HANDOVER_PLAN: path_of(np.zeros(7))}))
    recorder.tick(tick(5, {keys.REGIONS: bar_regions()}))
    album.close()
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == ["grasps-1.png", "handover-1.png", "regions-1.png", "regions-2.png"]
    drawn = np.asarray(Image.open(tmp_path / "regions-1.png")).astype(int)
    assert drawn.shape == (HEIGHT, WIDTH, 3)
    robots, persons = drawn[regions.robot_mask].mean(axis=0), drawn[regions.human_mask].mean(axis=0)
    assert robots[2] > persons[2] + 50
    assert persons[0] > robots[0] + 50


def test_a_picture_that_cannot_be_drawn_is_left_out_and_the_next_is_drawn(tmp_path: Path) -> None:
    album = Album(tmp_path)
    album.on_key_written(keys.REGIONS, bar_regions(), {keys.REGIONS: bar_regions()})
    album.on_key_written(
        keys.REGIONS, bar_regions(), {keys.REGIONS: bar_regions(), keys.FRAME: table_picture()}
    )
    album.close()
    assert [path.name for path in tmp_path.glob("*.png")] == ["regions-2.png"]


# Short texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (HandoverRequest("mug"), ["mug"]),
        (Phase.LOOK, [Phase.LOOK.value]),
        (Failure(Outcome.NOT_FOUND, "Detect Object", "no mug"), ["not_found: Detect Object: no mug"]),
        (robot(), ["joints 0 0 0", "85 mm empty"]),
        (robot(fault="joint 3 hot"), ["FAULT joint 3 hot"]),
        (table_picture(), ["160x120 picture", "scripted"]),
        (Detection("mug", 0.87, (1, 2, 3, 4), bar_mask(), "a detector"), ["mug 0.87", "by a detector"]),
        (Reply("line\none", "a model"), ["line one"]),
        (bar_regions(), ["person", "px", "by scripted shape"]),
        (Regions(bar_mask(), ~bar_mask(), RegionCells((1, 2), (3,)), "x"), ["person [1, 2], robot [3]"]),
        (grasp_at(-0.05, lean_rad=0.5), ["40 mm wide", "lean 29 deg"]),
        ((grasp_at(0.0), grasp_at(0.1)), ["2 grasps"]),
        ((HandoverRequest("mug"), HandoverRequest("cup")), ["2 handover requests"]),
        ((), ["none"]),
        (path_of(np.zeros(7)), ["1.0 s, 2 samples"]),
        (person(0.0), ["right arm", "by scripted"]),
        (object(), ["object"]),
        (4.243584619625521, ["4.244"]),
        (True, ["True"]),
        ("word " * 100, ["word word"]),
    ],
)
def test_a_value_is_one_short_line(value: Any, words: list[str]) -> None:
    text = short(value)
    assert len(text) <= LIMIT
    assert "\n" not in text
    for word in words:
        assert word in text
