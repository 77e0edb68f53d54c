"""The order from coarse to fine: every place once, and neighbours that are known when they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.interlaced import interlaced


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 40), (33, 1), (3, 5), (16, 16), (17, 34)])
def test_every_place_once_with_known_neighbours(size: tuple[int, int]) -> None:
    coded = np.zeros(size, np.int64)
    for batch in interlaced(*size):
        if batch.reach:
            assert batch.known(coded).all()
            assert batch.known(np.stack([coded, coded])).shape == (4, 2, *coded[batch.places].shape)
        assert not coded[batch.places].any()
        coded[batch.places] = 1
    assert coded.all()


def test_where_the_neighbours_are() -> None:
    places = np.arange(25).reshape(5, 5)
    *_, corners, across, down = interlaced(5, 5)
    assert (corners.reach, corners.corners) == (1, True)
    assert corners.known(places)[:, 0, 0].tolist() == [0, 2, 10, 12]
    assert sorted(across.known(places)[:, 1, 0].tolist()) == [6, 10, 12, 16]
    assert sorted(down.known(places)[:, 0, 0].tolist()) == [0, 6, 6, 10]  # what is beyond the edge, from the other side
