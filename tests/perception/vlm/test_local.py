"""The genuine transformers classes with tiny models: chat, words, limits, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from perception.grounding import GridGrounder, repair_messages
from perception.models.errors import CheckpointMissing, CheckpointRefused
from perception.models.options import LoadOptions, LocalVlmOptions, ModelOptions, Precision
from perception.options import PerceptionOptions
from perception.types import Message, RegionCells, Reply
from perception.vlm.errors import BudgetSpent, CutOff, Interrupted, NoChatTemplate, TooSlow
from perception.vlm.local import LocalVlm, chat, local_identity
from tests.fakes import FakeClock
from tests.perception.models import tiny
from tests.perception.test_grounding import FRAME, GOOD, HAMMER
from tests.perception.vlm.tiny_vlm import save_idefics3, save_llava

Question = tuple[Message, ...]
FAMILIES = ["llava", "idefics3"]
SENTENCE = "the handle is long and made of ash wood"


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("vlms")
    save_llava(folder / "llava", [GOOD])
    save_idefics3(folder / "idefics3", [GOOD])
    save_llava(folder / "talker", [f"{word} " for word in SENTENCE.split()])
    save_llava(folder / "mute", [GOOD], template=None)
    tiny.save_owl(folder / "owlvit", "owlvit")
    return folder


def options(folder: Path, precision: Precision = "auto", **more: int) -> PerceptionOptions:
    load = LoadOptions(checkpoint=str(folder), device="cpu", precision=precision)
    return PerceptionOptions(models=ModelOptions(vlm=LocalVlmOptions(load=load, **more)))


class BusyClock(FakeClock):
    """Something happens whenever the time is asked for."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self.happens = happens

    def now(self) -> float:
        self.happens()
        return super().now()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_question_about_a_picture_is_answered(folders: Path, question: Question, family: str) -> None:
    vlm = LocalVlm(options(folders / family), FakeClock())
    reply = vlm.ask(question)
    assert reply.text == GOOD
    assert reply.source == vlm.name == f"{family} (cpu float32)"
    assert (reply.tokens_out, reply.bytes_sent, reply.cost) == (2, 0, 0.0)
    assert reply.tokens_in is not None
    assert reply.tokens_in > len(question[1].text)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_picture_reaches_the_model(folders: Path, question: Question, family: str) -> None:
    vlm = LocalVlm(options(folders / family), FakeClock())
    tower = vlm._model.model.vision_tower if family == "llava" else vlm._model.model.vision_model
    seen: list[torch.Tensor] = []
    tower.register_forward_pre_hook(
        lambda module, args, named: seen.extend([*args, *named.values()][:1]), with_kwargs=True
    )
    vlm.ask(question)
    assert len(seen) == 1
    assert seen[0].std() > 0.0


def test_half_precision_reaches_weights_and_pictures(folders: Path, question: Question) -> None:
    vlm = LocalVlm(options(folders / "llava", "bfloat16"), FakeClock())
    assert {weight.dtype for weight in vlm._model.parameters()} == {torch.bfloat16}
    assert vlm.ask(question).text == GOOD
    assert "bfloat16" in vlm.name


@pytest.mark.gpu
def test_on_a_gpu_it_is_float16(folders: Path, question: Question) -> None:
    plain = options(folders / "llava")
    load = LoadOptions(checkpoint=str(folders / "llava"))
    vlm = LocalVlm(replace(plain, models=ModelOptions(vlm=LocalVlmOptions(load=load))), FakeClock())
    assert {(weight.dtype, weight.device.type) for weight in vlm._model.parameters()} == {
        (torch.float16, "cuda")
    }
    assert vlm.ask(question).text == GOOD


def test_from_the_object_to_its_masks(folders: Path) -> None:
    regions = GridGrounder(LocalVlm(options(folders / "idefics3"), FakeClock())).ground(FRAME, HAMMER)
    assert regions.cells == RegionCells((13, 18, 23), (1, 3, 5))
    assert regions.source.startswith("idefics3")


def test_a_repair_goes_on_with_the_conversation(folders: Path, question: Question) -> None:
    vlm = LocalVlm(options(folders / "llava"), FakeClock())
    first = vlm.ask(question)
    again = vlm.ask(repair_messages(question, Reply("no idea", "m"), "Name cells."))
    assert again.tokens_in is not None
    assert first.tokens_in is not None
    assert again.tokens_in > first.tokens_in
    assert again.text == GOOD


def test_the_rules_stand_before_the_first_question(question: Question) -> None:
    turns = chat(repair_messages(question, Reply("no idea", "m"), "Name cells."))
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    picture, words = turns[0]["content"]
    assert picture["type"] == "image"
    assert words["text"] == f"{question[0].text}\n\n{question[1].text}"
    assert [part["type"] for turn in turns[1:] for part in turn["content"]] == ["text", "text"]


# Limits ---------------------------------------------------------------------------------------------------


def test_a_reply_without_an_end_is_cut_off(folders: Path, question: Question) -> None:
    whole = LocalVlm(options(folders / "talker"), FakeClock()).ask(question)
    assert whole.text == SENTENCE
    with pytest.raises(CutOff, match=r"after 3 tokens; raise perception\.models\.vlm\.max_new_tokens"):
        LocalVlm(options(folders / "talker", max_new_tokens=3), FakeClock()).ask(question)


def test_a_slow_model_is_given_up_between_two_words(folders: Path, question: Question) -> None:
    clock = BusyClock(lambda: None)
    vlm = LocalVlm(options(folders / "talker"), clock)

    def later() -> None:
        clock.now_s += 6.0

    clock.happens = later
    with pytest.raises(TooSlow, match=r"within 20\.0 s"):
        vlm.ask(question)


def test_stopping_ends_the_question_with_the_next_word(folders: Path, question: Question) -> None:
    clock = BusyClock(lambda: None)
    vlm = LocalVlm(options(folders / "talker"), clock)
    clock.happens = vlm.interrupt
    with pytest.raises(Interrupted):
        vlm.ask(question)
    clock.happens = lambda: None
    assert vlm.ask(question).text.startswith("the handle")


def test_one_picture_gets_its_time_in_all(folders: Path, question: Question) -> None:
    clock = FakeClock()
    vlm = LocalVlm(options(folders / "llava"), clock)
    reply = vlm.ask(question)
    clock.now_s += 46.0
    with pytest.raises(BudgetSpent):
        vlm.ask(repair_messages(question, reply, "no"))


# What is refused ------------------------------------------------------------------------------------------


def test_a_model_without_a_chat_template_cannot_be_asked(folders: Path) -> None:
    with pytest.raises(NoChatTemplate, match="tuned for chat"):
        LocalVlm(options(folders / "mute"), FakeClock())


def test_a_folder_that_is_not_there(folders: Path) -> None:
    with pytest.raises(CheckpointMissing, match=r"perception\.models\.vlm\.load\.checkpoint"):
        LocalVlm(options(folders / "nowhere"), FakeClock())


def test_another_kind_of_model(folders: Path) -> None:
    with pytest.raises((CheckpointRefused, NoChatTemplate)):
        LocalVlm(options(folders / "owlvit"), FakeClock())


def test_changed_files_are_another_model(folders: Path, tmp_path: Path) -> None:
    save_llava(tmp_path, [GOOD])
    before = local_identity(options(tmp_path))
    assert local_identity(options(tmp_path)) == before
    assert local_identity(options(tmp_path, max_new_tokens=9)) != before
    (tmp_path / "generation_config.json").write_text("{}")
    assert local_identity(options(tmp_path)) != before
