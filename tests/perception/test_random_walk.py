"""The chance of each pixel follows its neighbours, but not over an edge."""

import numpy as np
import pytest

from perception.random_walk import object_chance


def links(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.ones((shape[0], shape[1] - 1)), np.ones((shape[0] - 1, shape[1]))


def test_without_beliefs_the_chance_falls_evenly_between_fixed_ends() -> None:
    prior = np.zeros((1, 11))
    prior[0, 0] = 1.0
    wanted = np.ones((1, 11), dtype=bool)
    wanted[0, [0, -1]] = False
    chance = object_chance(prior, np.full((1, 11), 1e-9), *links((1, 11)), wanted)
    assert chance[0] == pytest.approx(np.linspace(1.0, 0.0, 11), abs=0.01)


def test_a_pixel_that_knows_nothing_takes_the_side_it_is_not_cut_off_from() -> None:
    prior = np.full((5, 12), 0.5)
    belief = np.full((5, 12), 1e-6)
    prior[:, 0], prior[:, -1] = 1.0, 0.0
    belief[:, [0, -1]] = 1.0
    across, down = links((5, 12))
    across[:, 3] = 1e-3
    chance = object_chance(prior, belief, across, down, np.ones((5, 12), dtype=bool))
    assert (chance[:, :4] > 0.9).all()
    assert (chance[:, 4:] < 0.1).all()


def test_pixels_that_are_not_asked_for_keep_their_prior() -> None:
    prior = np.full((4, 4), 0.3)
    wanted = np.zeros((4, 4), dtype=bool)
    wanted[1:3, 1:3] = True
    chance = object_chance(prior, np.ones((4, 4)), *links((4, 4)), wanted)
    assert chance == pytest.approx(prior)
