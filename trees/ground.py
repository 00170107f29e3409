"""Which part of the object is for the person: the model's answer, else the shape's."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from py_trees.decorators import Retry

from behaviours.decorators import Deadline
from behaviours.ground import AskVlm, GroundByShape, ParseRegions
from trees.options import MissionOptions


def create_ground_regions(options: MissionOptions, *, vlm: bool = True) -> Behaviour:
    """Writes scene/regions; without a model (`vlm=False`) Ground By Shape stands alone.

    ```
    {o} Ground Regions
    ├── -^- Ask VLM x3                  the next attempt carries the parse error
    │   └── {-} Ask And Parse
    │       ├── -^- Ask VLM (D)
    │       └── --> Parse Regions
    └── --> Ground By Shape             FALLBACK, needs no model
    ```
    """
    by_shape = GroundByShape("Ground By Shape")
    if not vlm:
        return by_shape
    ask_and_parse = Sequence(
        name="Ask And Parse",
        memory=True,
        children=[
            Deadline(
                "Ask VLM (D)", AskVlm("Ask VLM", options.grid), options.tree.deadlines.vlm_s, outcome=None
            ),
            ParseRegions("Parse Regions", options.grid),
        ],
    )
    asks = options.grid.asks
    return Selector(
        name="Ground Regions",
        memory=True,
        children=[Retry(f"Ask VLM x{asks}", ask_and_parse, num_failures=asks), by_shape],
    )
