"""Printed markers are found as they are stuck on things, and nothing else is taken for one."""

import numpy as np
import pytest
from PIL import Image

from perception.markers import find_markers

CELLS = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1, 1],
        [1, 0, 0, 0, 0, 0, 0, 1],
        [1, 0, 1, 0, 1, 1, 0, 1],
        [1, 0, 0, 1, 0, 1, 0, 1],
        [1, 0, 1, 0, 0, 0, 0, 1],
        [1, 0, 1, 1, 0, 1, 0, 1],
        [1, 0, 0, 0, 0, 0, 0, 1],
        [1, 1, 1, 1, 1, 1, 1, 1],
    ]
)


def picture(angle: float = 0.0, cells: np.ndarray = CELLS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grey rod with a marker on it on a dark green table: rgb, the marker's pixels, rod and marker."""
    rgb = np.full((160, 160, 3), (40, 50, 35), dtype=np.uint8)
    rgb[20:140, 74:86] = (170, 165, 160)
    print_ = np.kron(cells, np.ones((5, 5))) * 200 + 25
    tile = np.dstack([print_] * 3 + [np.full(print_.shape, 255.0)]).astype(np.uint8)
    turned = Image.fromarray(tile, "RGBA").rotate(angle, expand=True, resample=Image.Resampling.BILINEAR)
    image = Image.fromarray(rgb)
    corner = (80 - turned.width // 2, 80 - turned.height // 2)
    image.paste(turned, corner, turned)
    marker = np.zeros((160, 160), dtype=bool)
    alpha = np.asarray(turned)[..., 3] > 128
    marker[corner[1] : corner[1] + alpha.shape[0], corner[0] : corner[0] + alpha.shape[1]] = alpha
    thing = marker.copy()
    thing[20:140, 74:86] = True
    return np.asarray(image), marker, thing


@pytest.mark.parametrize("angle", [0.0, 17.0, 45.0])
def test_a_marker_is_found_with_its_border_however_it_is_turned(angle: float) -> None:
    rgb, marker, thing = picture(angle)
    found = find_markers(rgb, thing)
    assert np.count_nonzero(found & marker) / np.count_nonzero(found | marker) > 0.85
    assert not found[20:45, 74:86].any()


def test_a_marker_beside_the_object_does_not_matter() -> None:
    rgb, _, _ = picture()
    elsewhere = np.zeros((160, 160), dtype=bool)
    elsewhere[70:90, 0:50] = True
    assert not find_markers(rgb, elsewhere).any()
    assert not find_markers(rgb, np.zeros((160, 160), dtype=bool)).any()


def test_a_black_patch_stripes_and_coloured_print_are_no_markers() -> None:
    patch, _, thing = picture(cells=np.pad(np.zeros((6, 6), dtype=int), 1, constant_values=1))
    assert not find_markers(patch, thing).any()
    stripes = np.repeat(np.tile([40, 215], 10), 8)[:160].astype(np.uint8)
    striped = np.broadcast_to(stripes[:, None, None], (160, 160, 3)).copy()
    assert not find_markers(striped, np.ones((160, 160), dtype=bool)).any()
    coloured, _, thing = picture()
    coloured = coloured.copy()
    coloured[..., 0] //= 4  # black and cyan
    assert not find_markers(coloured, thing).any()
