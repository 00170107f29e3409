"""What the benchmark measures of a grasp, and how sure a share of successes is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from planning.types import Grasp

SUCCESS_PROPORTION = 0.8
"""A grasp succeeds when strictly more than this share of the person's part lies ahead of it."""
Z_95 = 1.959964


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


def wilson_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score; (0, 1) without trials."""
    if count == 0:
        return 0.0, 1.0
    share, z2 = successes / count, Z_95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 / (1 + z2 / count) * np.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def share_text(successes: int, trials: int) -> str:
    """A share in per cent with its 95 % interval by Wilson."""
    low, high = wilson_interval(successes, trials)
    return f"{100 * successes / max(trials, 1):.1f} ({100 * low:.1f} to {100 * high:.1f})"
