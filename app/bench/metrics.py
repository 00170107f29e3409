"""What the benchmark measures of a grasp."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from planning.types import Grasp

SUCCESS_PROPORTION = 0.8
"""A grasp succeeds when strictly more than this share of the person's part lies ahead of it."""


def success_proportion(
    grasp: Grasp, human_points: ArrayLike, rng: np.random.Generator, n: int = 100
) -> float:
    """The share of the person's part that lies ahead of the gripper: (x - T) . z > 0.

    human_points (M, 3) in the base frame, of which min(n, M) are drawn without replacement; T is the grasp's
    contact point, z its approach axis. A point on the plane does not count. Raises ValueError without points.
    Source: the metric of arXiv 2409.17621, whose success is a share above 0.8.
    """
    points = np.asarray(human_points, dtype=np.float64).reshape(-1, 3)
    if len(points) == 0:
        raise ValueError("the person's part has no points, so no share of it can be ahead of the gripper")
    drawn = points[rng.choice(len(points), min(n, len(points)), replace=False)]
    ahead = (drawn - grasp.contact) @ grasp.base_from_tcp[:3, 2] > 0.0
    return float(np.mean(ahead))
