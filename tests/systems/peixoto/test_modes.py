"""The directional predictions: weights, and what they make of simple edges."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.systems.peixoto.modes import MODES, edge_of, modes_of

SIDE = 16
WEIGHTS = modes_of(SIDE)
CORNER = 2 * SIDE


def test_weights_sum_to_32_and_flat_edges_give_flat_blocks() -> None:
    assert WEIGHTS.shape == (MODES, SIDE**2, 4 * SIDE + 1)
    assert (WEIGHTS.sum(axis=2) == 32).all()
    assert WEIGHTS.min() == 0


@pytest.mark.parametrize(("mode", "step"), [(2, (-1, 1)), (10, (0, 1)), (18, (1, 1)), (26, (1, 0)), (34, (1, -1))])
def test_whole_directions_continue_lines(mode: int, step: tuple[int, int]) -> None:
    """Along the direction of these modes every value is the one before it, and the first is one of the edge's."""
    edge = np.random.default_rng(0).integers(-100, 100, 4 * SIDE + 1)
    block = ((WEIGHTS[mode] @ edge + 16) >> 5).reshape(SIDE, SIDE)
    down, across = step
    for row, column in np.ndindex(SIDE, SIDE):
        before, left = row - down, column - across
        if min(before, left) >= 0 and max(before, left) < SIDE:
            assert block[row, column] == block[before, left]
        elif before < 0 and left >= -1:
            assert block[row, column] == edge[CORNER + 1 + left]
        elif left < 0 <= before:
            assert block[row, column] == edge[CORNER - 1 - before]


def test_the_tables_of_the_standard() -> None:
    """Mode 11 (angle -2) reaches the row above in its last columns only; mode 25 is its mirror image."""
    eleven, other = (WEIGHTS[mode].reshape(SIDE, SIDE, -1) for mode in (11, 25))
    assert np.array_equal(eleven[3, 15], 32 * np.eye(4 * SIDE + 1, dtype=int)[CORNER - 1 - 2])  # (16 * -2) >> 5 = -1
    assert eleven[0, 0, CORNER - 1] == 30
    assert eleven[0, 0, CORNER] == 2
    assert np.array_equal(eleven, other.swapaxes(0, 1)[:, :, ::-1])


def test_the_edge_is_what_lies_around_the_block() -> None:
    levels = np.arange(20 * 36).reshape(20, 36)
    edge = edge_of(levels, SIDE)
    assert edge.shape == (4 * SIDE + 1,)
    assert edge[CORNER] == levels[3, 3]
    assert np.array_equal(edge[CORNER + 1 :], levels[3, 4:36])
    assert np.array_equal(edge[SIDE:CORNER], levels[4:20, 3][::-1])
    assert (edge[:SIDE] == levels[19, 3]).all()
