"""A vision-language model in this process, through transformers.

Guarantees:
1. Loaded once, from files on this machine only; half precision on a GPU.
2. Answers are greedy: the same question gets the same words.
3. A question ends with the token after its time is up or after `interrupt`.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hardware.protocols import Clock
from perception.errors import PerceptionError
from perception.models.checkpoint import find_checkpoint, load_pretrained, load_processor, transformers_for
from perception.models.device import package, place
from perception.options import PerceptionOptions
from perception.types import Message, Reply
from perception.vlm.budget import Budget
from perception.vlm.errors import CutOff, Interrupted, NoChatTemplate, TooSlow

MODEL = "vlm"


def local_identity(options: PerceptionOptions) -> Mapping[str, Any]:
    """What, beside the question, decides a reply: part of the key it is cached under. Files that change, by
    name, size or date, make another model.
    """
    own = options.models.vlm
    try:
        folder = find_checkpoint(MODEL, own.load, options.weights)
    except PerceptionError:  # offline it need not be here
        folder = Path(own.load.checkpoint or MODEL)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {
        "model": folder.name,
        "files": [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files],
        "device": own.load.device,
        "precision": own.load.precision,
        "max_new_tokens": own.max_new_tokens,
    }


class LocalVlm:
    """A VisionLanguageModel for any model that transformers loads as image-text-to-text."""

    def __init__(self, options: PerceptionOptions, clock: Clock) -> None:
        """Load the model. Raises a PerceptionError that says what to install, pull or set."""
        self._options, self._clock = options.models.vlm, clock
        load, limits = self._options.load, options.vlm
        self.placement = place(load, MODEL)
        self._torch = package("torch", MODEL)
        transformers = transformers_for(MODEL)
        folder = find_checkpoint(MODEL, load, options.weights)
        self._processor = load_processor(transformers.AutoProcessor, MODEL, folder)
        if not getattr(self._processor, "chat_template", None):
            raise NoChatTemplate(folder)
        self._model = load_pretrained(transformers.AutoModelForImageTextToText, MODEL, folder, self.placement)
        self.name = f"{folder.name} ({self.placement})"
        self._budget = Budget(self.name, limits.call_s, limits.total_s, options.grid.asks, clock)
        self._stop = threading.Event()
        if self.placement.on_gpu:
            self._generate(self._inputs([Message("user", "Hello.")]), self._clock.now() + limits.call_s, 1)

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer. Raises TooSlow, CutOff, Interrupted, BudgetSpent."""
        allowance = self._budget.allow(messages)
        self._stop.clear()
        answered = False
        try:
            inputs = self._inputs(messages)
            asked = int(inputs["input_ids"].shape[1])
            end_s = self._clock.now() + allowance.seconds
            tokens = self._generate(inputs, end_s, self._options.max_new_tokens)[0, asked:]
            if self._stop.is_set():
                raise Interrupted(self.name)
            if not self._ended(tokens):
                if self._clock.now() >= end_s:
                    raise TooSlow(self.name, allowance.seconds)
                raise CutOff(self.name, len(tokens), "perception.models.vlm.max_new_tokens")
            answered = True
        finally:
            self._budget.spend(messages, 1, answered=answered)
        text = self._processor.decode(tokens, skip_special_tokens=True)
        return Reply(text.strip(), self.name, asked, len(tokens), bytes_sent=0, cost=0.0)

    def interrupt(self) -> None:
        """End the question that is being answered with its next token, from any thread."""
        self._stop.set()

    def _inputs(self, messages: Sequence[Message]) -> Any:
        inputs = self._processor.apply_chat_template(
            chat(messages), add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        return inputs.to(self.placement.device, dtype=self.placement.dtype)

    def _generate(self, inputs: Any, end_s: float, max_new_tokens: int) -> Any:
        """The token ids (1, M), question included."""
        torch = self._torch

        def stop(token_ids: Any, scores: Any, **rest: Any) -> Any:
            over = self._stop.is_set() or self._clock.now() >= end_s
            return torch.full((token_ids.shape[0],), over, dtype=torch.bool, device=token_ids.device)

        with torch.inference_mode():
            return self._model.generate(
                **inputs, do_sample=False, max_new_tokens=max_new_tokens, stopping_criteria=[stop]
            )

    def _ended(self, tokens: Any) -> bool:
        """Whether the model itself ended its reply."""
        ends = self._model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        return len(tokens) > 0 and int(tokens[-1]) in ends


def chat(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """`messages` as chat templates take them; the system's words go ahead of the first question, since not
    every template knows a system.
    """
    from PIL import Image

    rules = "\n\n".join(message.text for message in messages if message.role == "system")
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        text = f"{rules}\n\n{message.text}" if rules and not turns else message.text
        pictures = [
            {"type": "image", "image": Image.open(io.BytesIO(picture.png)).convert("RGB")}
            for picture in message.pictures
        ]
        turns.append({"role": message.role, "content": [*pictures, {"type": "text", "text": text}]})
    return turns
