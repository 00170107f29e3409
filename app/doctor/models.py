"""Examines what the configured learned models need: packages and weights here, or their server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from app.doctor.findings import Finding, State, guarded
from app.models.checks import weights_findings
from app.models.needed import LEARNED, Need, needed
from app.options import Config

DEVICE = "models"
STATES: Mapping[str, State] = {"ok": "OK", "missing": "FAIL", "wrong": "FAIL"}
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "owlvit": ("torch", "transformers"),
    "sam": ("torch", "segment_anything"),
    "sam_transformers": ("torch", "transformers"),
    "local": ("torch", "transformers"),
    "contact_graspnet": ("torch",),
    "vitpose": ("torch", "transformers"),
    "alphapose": ("torch", "transformers"),
}
"""Back end -> the packages it imports."""


def models_findings(config: Config) -> Iterator[Finding]:
    """Every configured learned model; without any, a line that says so."""
    learned = [(step, back_end) for step, back_end in LEARNED if getattr(config.back_ends, step) == back_end]
    if not learned:
        yield Finding(DEVICE, "configured", "OK", "no learned model (back_ends), nothing is needed")
    elif config.perception.remote.url is not None:
        yield from guarded(DEVICE, "server", _served(config, [step for step, _ in learned]))
        return
    yield from _packages(list(needed(config)))
    for subject, state, detail in weights_findings(config):
        yield Finding(DEVICE, subject, STATES[state], detail)


def _packages(needs: list[Need]) -> Iterator[Finding]:
    back_ends = dict.fromkeys(need.back_end for need in needs)
    for package in dict.fromkeys(name for back_end in back_ends for name in PACKAGES[back_end]):
        users = ", ".join(back_end for back_end in back_ends if package in PACKAGES[back_end])
        if find_spec(package) is None:
            detail = f"not installed, {users} cannot run; pip install -e '.[models]'"
            yield Finding(DEVICE, package, "FAIL", detail)
        else:
            yield Finding(DEVICE, package, "OK", f"installed, for {users}")


def _served(config: Config, steps: list[str]) -> Iterator[Finding]:
    """Ask the server what it has. Raises RemoteError at the first role it cannot fill."""
    from perception.remote.connection import DETECTOR, GRASPS, KEYPOINTS, SEGMENTER, VLM, Connection

    roles = {
        "detector": DETECTOR,
        "segmenter": SEGMENTER,
        "human": KEYPOINTS,
        "vlm": VLM,
        "grasps": GRASPS,
    }
    connection = Connection(config.perception.remote)
    try:
        for step in steps:
            yield Finding(DEVICE, step, "OK", connection.name_of(roles[step]))
    finally:
        connection.close()
