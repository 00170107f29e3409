"""Splits a picture in two by a random walk: the walk starts at a pixel and ends in what is known of it.

L. Grady, "Multilabel random walker image segmentation using prior models", CVPR 2005: the chance x that a
walk from each pixel ends in the object solves one sparse, positive definite system. Walks seldom cross edges.
"""

from __future__ import annotations

import numpy as np

from hardware.types import BoolArray, FloatArray

_TOLERANCE = 1e-3
_MAX_ITERATIONS = 300


def object_chance(
    prior: FloatArray, belief: FloatArray, across: FloatArray, down: FloatArray, wanted: BoolArray
) -> FloatArray:
    """The chance (H, W) of each `wanted` pixel to belong to the object; `prior` elsewhere.

    prior (H, W): that chance from the pixel alone, held fixed outside `wanted`; belief (H, W): how much it
    counts against the neighbours; across (H, W-1), down (H-1, W): how alike neighbours are, above 0 up to 1.
    """
    from scipy import sparse

    number = np.full(wanted.shape, -1, dtype=np.int64)
    count = int(np.count_nonzero(wanted))
    number[wanted] = np.arange(count)
    diagonal = belief[wanted].astype(np.float64)
    right = diagonal * prior[wanted]
    rows, columns, links = [], [], []
    pairs = (
        (number[:, :-1], number[:, 1:], prior[:, :-1], prior[:, 1:], across),
        (number[:-1], number[1:], prior[:-1], prior[1:], down),
    )
    for a, b, prior_a, prior_b, alike in pairs:
        both = (a >= 0) & (b >= 0)
        rows += [a[both], b[both]]
        columns += [b[both], a[both]]
        links += [alike[both], alike[both]]
        for here, there, known in ((a, b, prior_b), (b, a, prior_a)):
            edge = (here >= 0) & (there < 0)
            np.add.at(right, here[edge], alike[edge] * known[edge])
        for here, there in ((a, b), (b, a)):
            edge = (here >= 0) & (there < 0)
            np.add.at(diagonal, here[edge], alike[edge])
    row, column, link = (np.concatenate(parts) for parts in (rows, columns, links))
    diagonal += np.bincount(row, link, minlength=count)
    system = sparse.diags(diagonal) - sparse.coo_matrix((link, (row, column)), shape=(count, count)).tocsr()
    solved, _ = sparse.linalg.cg(
        system,
        right,
        x0=prior[wanted].astype(np.float64),
        rtol=_TOLERANCE,
        maxiter=_MAX_ITERATIONS,
        M=sparse.diags(1.0 / diagonal),
    )
    chance = prior.astype(np.float64)
    chance[wanted] = solved
    return chance
