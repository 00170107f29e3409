"""Examines the vision-language model with one small question about a picture of one colour."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace

from app.doctor.findings import Finding
from app.options import Config
from hardware.clock import SystemClock
from hardware.protocols import Clock
from perception.protocols import VisionLanguageModel
from perception.types import Message, Picture, Reply

DEVICE = "vlm"
EDGE_PX = 64
COLOUR = "red"
QUESTION = "What colour is this picture? Answer with one word."


def vlm_findings(config: Config) -> Iterator[Finding]:
    """Which model it is, whether its key is here, what it answers. Raises HandoverError."""
    name = config.back_ends.vlm
    if name in ("none", "simulated"):
        what = "no model: the shape rule decides" if name == "none" else "simulated: nothing leaves here"
        yield Finding(DEVICE, "configured", "OK", f"{what} (back_ends.vlm)")
        return
    if name == "openai":
        yield key_finding(config)
    if config.perception.vlm.offline:
        detail = "perception.vlm.offline: only kept replies are used, nothing was asked"
        yield Finding(DEVICE, "question", "WARN", detail)
        return
    model = _model(config)
    if model is not None:
        yield from answer_findings(model, config, SystemClock())


def key_finding(config: Config) -> Finding:
    """Whether the key is set, never what it is."""
    vlm = config.perception.vlm
    if os.environ.get(vlm.key_variable, "").strip():
        return Finding(DEVICE, "key", "OK", f"{vlm.key_variable} is set")
    if vlm.base_url is not None:
        return Finding(DEVICE, "key", "OK", f"{vlm.key_variable} is not set; {vlm.base_url} may do without")
    return Finding(DEVICE, "key", "FAIL", f"{vlm.key_variable} is not set; export it with your key")


def _model(config: Config) -> VisionLanguageModel | None:
    """The configured model, without the replies kept earlier and with no repetition."""
    from app import model_factory, remote_factory

    perception = config.perception
    perception = replace(perception, vlm=replace(perception.vlm, cache_dir=None, retries=0))
    if config.back_ends.vlm == "openai":
        return model_factory.server_vlm(perception)
    return remote_factory.choose(perception, model_factory.local_vlm, remote_factory.vlm)


def answer_findings(model: VisionLanguageModel, config: Config, clock: Clock) -> Iterator[Finding]:
    """Ask; one question is within the time allowed for one (perception.vlm.call_s). Raises VlmError."""
    yield Finding(DEVICE, "model", "OK", model.name)
    began_s = clock.now()
    picture = Picture(coloured_png(), (0, 0, EDGE_PX, EDGE_PX), config.perception.grid.n, began_s)
    reply = model.ask([Message("user", QUESTION, (picture,))])
    took = f"after {clock.now() - began_s:.1f} s of {config.perception.vlm.call_s:g} s"
    words = " ".join(reply.text.split())[:40]
    if COLOUR in reply.text.lower():
        yield Finding(DEVICE, "answer", "OK", f"{words!r} {took}")
    else:
        remedy = f"the picture is {COLOUR}: does this model take pictures?"
        yield Finding(DEVICE, "answer", "WARN", f"{words!r} {took}; {remedy}")
    yield cost_finding(reply)


def cost_finding(reply: Reply) -> Finding:
    """What the answer took, as far as it is known."""
    parts = [
        f"{number} {unit}"
        for number, unit in (
            (reply.tokens_in, "tokens in"),
            (reply.tokens_out, "tokens out"),
            (reply.bytes_sent, "bytes sent"),
        )
        if number is not None
    ]
    if reply.cost is not None:
        parts.append(f"cost {reply.cost:.6f}")
    else:
        parts.append("cost unknown (perception.vlm.price_in_per_million, price_out_per_million)")
    return Finding(DEVICE, "cost", "OK", ", ".join(parts))


def coloured_png() -> bytes:
    """A square in one colour."""
    from PIL import Image

    encoded = io.BytesIO()
    Image.new("RGB", (EDGE_PX, EDGE_PX), COLOUR).save(encoded, "PNG")
    return encoded.getvalue()
