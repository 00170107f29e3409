"""`handover study run FOLDER`: one participant's trials, or a rehearsal with simulated participants."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from app.arguments import UNSET, parse
from app.config import as_values
from app.errors import UsageError
from app.options import Config

if TYPE_CHECKING:
    from app.study.plan import Plan

SIMULATED_WARNING = "SIMULATED PARTICIPANTS: this rehearses the study and says nothing about people"


@dataclass(frozen=True)
class StudyRunCommand:
    """Make what is missing of a participant's trials; what is stopped goes on with the same command.

    The configuration and options hold for every run, unless a condition says otherwise.
    """

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Where study.yaml lies."""
    participant: Annotated[tyro.conf.DisallowNone[str | None], UNSET] = None
    """A code such as P01, never a name; it decides the order of the trials."""
    page: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Ask on a web page of this machine (127.0.0.1) instead of in the terminal."""
    port: int = 8200
    """Of that page; 0 takes a free one."""
    simulated_participants: int = 0
    """Rehearse with so many participants who are no people, in simulation; everything says so."""
    robot: Annotated[tyro.conf.DisallowNone[Literal["simulated", "kinova"] | None], UNSET] = None
    """Which robot; by default what the configuration says."""
    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """The real arm may move: the question before the first motion is answered."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Carry out the session; returns the exit code."""
    words = list(arguments)
    command, config = parse(StudyRunCommand(Path()), words, "handover study run", _with_robot)
    _check(command, config)

    from app.study.conditions import try_conditions
    from app.study.errors import Stopped
    from app.study.log import open_log
    from app.study.plan import FILE, load_plan

    simulated = command.simulated_participants > 0
    if simulated:
        print(SIMULATED_WARNING)
    plan = load_plan(command.folder)
    codes = _codes(command, plan)
    try_conditions(plan, config, command.folder / FILE)
    try:
        with open_log(command.folder, plan, simulated) as log, ExitStack() as stack:
            _consent_to_motion(command, config)
            for code in codes:
                if not _session(command, config, plan, code, log, stack):
                    print(f"{code} does not take part; nothing was moved")
                    return 1
    except (Stopped, KeyboardInterrupt):
        print("stopped; everything finished is kept, and the same command goes on from here")
        return 130
    print(f"done; handover study report {command.folder}")
    return 0


def _with_robot(command: StudyRunCommand, config: Config) -> Config:
    robot = command.robot or config.back_ends.robot
    return replace(config, back_ends=replace(config.back_ends, robot=robot))


def _check(command: StudyRunCommand, config: Config) -> None:
    if command.simulated_participants < 0:
        raise UsageError("--simulated-participants needs a whole number of 1 or more")
    if (command.participant is None) == (command.simulated_participants == 0):
        raise UsageError("either --participant CODE or --simulated-participants N is needed")
    if command.simulated_participants and (command.page or config.back_ends.robot != "simulated"):
        raise UsageError("simulated participants need the simulated robot, and no page to read")
    if not 0 <= command.port <= 65535:
        raise UsageError(f"--port {command.port}: 0 to 65535 is needed")


def _codes(command: StudyRunCommand, plan: Plan) -> list[str]:
    if command.participant is not None:
        plan.index(command.participant, simulated=False)  # raises for what is no code
        return [command.participant]
    if command.simulated_participants > plan.participants:
        raise UsageError(
            f"--simulated-participants {command.simulated_participants}: the plan is for {plan.participants}"
        )
    return [plan.code(index, simulated=True) for index in range(command.simulated_participants)]


def _consent_to_motion(command: StudyRunCommand, config: Config) -> None:
    from rich.console import Console

    from app.gate import require_consent, require_doctor

    require_doctor(config)
    require_consent(config, Console(), command.yes)


def _session(
    command: StudyRunCommand, config: Config, plan: Plan, code: str, log: object, stack: ExitStack
) -> bool:
    import numpy as np
    import yaml

    from app.bench.results_file import ResultsFile
    from app.study.ask import Questioner, SimulatedParticipant, TerminalQuestioner
    from app.study.program import Program
    from app.study.session import Session

    assert isinstance(log, ResultsFile)
    simulated = command.simulated_participants > 0
    index = plan.index(code, simulated)
    questioner: Questioner
    if simulated:
        questioner = SimulatedParticipant(np.random.default_rng((plan.seed, index)))
    elif command.page:
        from app.study.page import serve_page

        questioner = stack.enter_context(serve_page(command.port, partial(print, flush=True)))
    else:
        questioner = TerminalQuestioner()
    used = command.folder / f"config-{code}.yaml"
    used.write_text(yaml.safe_dump(as_values(config)), encoding="utf-8")
    return Session(
        plan,
        code,
        index,
        log,
        Program(command.folder, ("--config", str(used), "--yes"), questioner.stops),
        questioner,
        partial(print, file=sys.stderr if not simulated else sys.stdout, flush=True),
    ).carry_out()
