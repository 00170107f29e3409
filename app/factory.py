"""The only place that knows back ends: from the configuration to everything a run needs.

Each back end is imported when it is chosen, so that a run loads only what it uses.
"""

from __future__ import annotations

from app.options import Config
from trees.options import MissionOptions


def mission_options(config: Config) -> MissionOptions:
    """What the tree is built from."""
    return MissionOptions(
        tree=config.tree,
        grid=config.perception.grid,
        planning=config.planning,
        scene=config.scene,
        motion=config.motion,
    )
