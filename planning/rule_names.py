"""The names of the rules by which grasps are ranked (light: no numpy)."""

from __future__ import annotations

from typing import Literal

RankingRule = Literal["deliverable", "paper", "random", "quality", "contacts", "opposite_hand"]
"""What decides which grasp is tried first; see `planning.ranking_rules`."""
