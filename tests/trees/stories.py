"""What each scenario looks like from the outside: outcome, commands, and how every leaf ended, in order.

`python -m tests.trees.stories` writes golden/scenarios.txt anew; read the difference before you keep it.
"""

from __future__ import annotations

import textwrap
from itertools import groupby
from pathlib import Path

from tests.trees.mission import Mission
from tests.trees.scenarios import SCENARIOS, Scenario

UNBREAKABLE = "_"
GOLDEN = Path(__file__).parent / "golden" / "scenarios.txt"


def played(scenario: Scenario) -> Mission:
    """The scenario, run to its end."""
    run = Mission()
    scenario.prepare(run)
    return run.run()


def story(scenario: Scenario, run: Mission) -> str:
    """Marks: o a leaf that succeeded, x one that failed, - one that was interrupted; xN: N in a row."""
    steps = []
    for step, times in groupby(run.path):
        count = len(list(times))
        steps.append(step if count == 1 else f"{step} x{count}")
    unbroken = ", ".join(step.replace(" ", UNBREAKABLE) for step in steps)
    way = textwrap.indent(textwrap.fill(unbroken, 104, break_on_hyphens=False), "    ")
    return f"{scenario.name}\n    {run.outcome.value}; {run.commands}\n{way.replace(UNBREAKABLE, ' ')}\n"


def golden() -> dict[str, str]:
    """The stories as kept, by the scenario's name."""
    stories = GOLDEN.read_text(encoding="utf-8").split("\n\n")
    return {text.splitlines()[0]: text.rstrip("\n") + "\n" for text in stories}


if __name__ == "__main__":
    GOLDEN.write_text(
        "\n".join(story(scenario, played(scenario)) for scenario in SCENARIOS), encoding="utf-8"
    )
