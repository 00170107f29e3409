"""`handover bench methods`: every method of the field on the same scenes, by metric and by trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro

from app.arguments import UNSET, parse
from app.bench.engine import Engine
from app.errors import UsageError
from app.methods import METHODS, explained, method_faults
from app.options import Config, MethodName


@dataclass(frozen=True)
class MethodsCommand:
    """Every method of the field on the same simulated pictures; a run that was killed goes on."""

    trials: int = 10
    """Per object, at a random place and heading each: the scenes of `handover bench ablation`."""
    first_seed: int = 0
    """Seeds count from here, one of its own for every trial."""
    objects: tuple[str, ...] = ()
    """Only these categories; all by default."""
    methods: tuple[MethodName, ...] = get_args(MethodName)
    """Only these."""
    regions: Literal["labels", "vlm"] = "labels"
    """Who answers where a method asks a model: the part labels through prompt and parser, or the configured
    model."""
    label_errors: float = 0.0
    """Share of trials in which the labels name the parts the wrong way round (methods that ask a model)."""
    execute: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also carry out in physics, of every method, the first grasp that can be reached: close, lift, hold."""
    engine: Engine = "processes"
    """Where trials run: processes of this machine, or a Dask or Ray cluster."""
    jobs: int = 2
    """Trials at a time."""
    cluster: str = ""
    """Address of your own Dask scheduler or Ray head; one of this machine by default."""
    out: Path = Path("methods")
    """Trials go here; trials already there are not repeated."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Run what is missing and report; returns the exit code."""
    if {"-h", "--help"} & set(arguments):
        print(f"Methods, with what of each is faithful and what stands in:\n\n{explained()}\n")
    command, config = parse(MethodsCommand(), arguments, "handover bench methods")
    _check(command, config)

    from rich.console import Console

    from app.bench.ablation import Setup, ablation_trials
    from app.bench.campaign import INTERRUPTED, TABLE, TRIALS, Campaign
    from app.bench.methods import lost_trial, run_trial
    from app.bench.methods_report import sheets
    from app.bench.sheet import print_sheets
    from hardware.sim.objects import categories, resolve_category

    console = Console()
    labels = [resolve_category(label) for label in command.objects] or list(categories())
    wanted = ablation_trials(labels, command.trials, command.first_seed)
    setup = Setup(command.regions, command.label_errors, command.execute)
    names = tuple(dict.fromkeys(command.methods))
    about = {"methods": names, "setup": asdict(setup), "config": asdict(config)}
    campaign = Campaign(command.out, "methods", about, command.engine, command.jobs, command.cluster)
    work = partial(run_trial, names=names, setup=setup, config=config)
    rows = campaign.run(console, work, wanted, partial(lost_trial, names=names))
    print_sheets(console, sheets(rows, executed=command.execute))
    if len(rows) < len(wanted):
        return INTERRUPTED
    console.print(f"files           {command.out}/: {TRIALS}, {TABLE}")
    return 0


def _check(command: MethodsCommand, config: Config) -> None:
    if min(command.trials, command.jobs) < 1 or command.first_seed < 0:
        raise UsageError(
            "--trials and --jobs need a whole number of 1 or more, --first-seed one of 0 or more"
        )
    if not command.methods:
        raise UsageError(f"--methods: at least one is needed (valid: {', '.join(METHODS)})")
    if not 0.0 <= command.label_errors <= 1.0:
        raise UsageError(f"--label-errors {command.label_errors:g}: a share from 0 to 1 is needed")
    if command.label_errors and command.regions != "labels":
        raise UsageError("--label-errors goes with --regions labels only")
    if config.back_ends.robot != "simulated":
        raise UsageError("the comparison needs --back-ends.robot simulated")
    if command.regions == "vlm" and config.back_ends.vlm == "none":
        raise UsageError("--regions vlm needs a model: set back_ends.vlm")
    if command.regions == "labels":
        config = replace(config, back_ends=replace(config.back_ends, vlm="simulated"))
    for name in command.methods:
        for location, fault in method_faults(config, name):
            raise UsageError(f"{'.'.join(location)}: {fault}")
