"""Orders of coding: passes share no place, leave none, and come in the order that a context needs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from latentpress.codecs.orders import Checkerboard, Diagonals, Order, Segments, Waves

SIZES = [(8, 1, 1), (8, 4, 6), (4, 5, 3), (1, 3, 3)]
ORDERS = [Checkerboard(2), Checkerboard(4), Diagonals(), Waves(1), Waves(3), Segments(3, Checkerboard(2))]


@pytest.mark.parametrize("order", ORDERS, ids=repr)
def test_masks_and_positions_code_each_place_once(order: Order) -> None:
    for size in SIZES:
        numbers, masks = order.numbers(*size), order.masks(*size)
        assert numbers.shape == size
        assert (np.sum(masks, axis=0) == 1).all()
        assert all((numbers[mask] == number).all() for number, mask in enumerate(masks))
        for mask, positions in zip(masks, order.positions(*size), strict=True):
            assert np.array_equal(np.flatnonzero(mask), positions)


@pytest.mark.parametrize("order", ORDERS, ids=repr)
def test_arrays_come_apart_and_together_in_the_order_of_positions(order: Order) -> None:
    for size in SIZES:
        array = np.arange(1, 1 + np.prod(size), dtype=np.float32).reshape(size)
        parts, positions = order.split(array), order.positions(*size)
        for part, places in zip(parts, positions, strict=True):
            assert np.array_equal(part, array.take(places))
        assert np.array_equal(order.join(parts, size), array)
        some = order.join(parts[:-1], size)
        assert np.array_equal(some, np.where(some > 0, array, 0))
        assert np.count_nonzero(some) == array.size - positions[-1].size


@pytest.mark.parametrize("passes", [2, 4])
def test_each_pass_of_a_checkerboard_takes_an_equal_class_of_channels_everywhere(passes: int) -> None:
    masks = Checkerboard(passes).masks(8, 5, 3)
    assert all((mask.sum(axis=0) == 8 // passes).all() for mask in masks)
    early = np.logical_or.reduce(masks[: passes // 2])  # half of the passes: no two neighbours of a channel
    assert not (early[:, 1:] & early[:, :-1]).any()
    assert not (early[:, :, 1:] & early[:, :, :-1]).any()


def test_four_passes_are_those_of_the_format() -> None:
    assert Checkerboard(4).numbers(2, 2, 2).tolist() == [[[0, 2], [3, 1]], [[1, 3], [2, 0]]]
    assert not Checkerboard(1).numbers(3, 4, 5).any()
    with pytest.raises(ValueError, match="1, 2 or 4 passes"):
        Checkerboard(3)


def test_waves_know_what_is_left_and_above() -> None:
    numbers = Waves(3).numbers(2, 4, 7)
    assert (numbers[:, :, :-1] < numbers[:, :, 1:]).all()  # to the left
    for right in range(3):  # in the row above, less than the reach to the right
        assert (numbers[:, :-1, right:] < numbers[:, 1:, : 7 - right]).all()


def test_segments_follow_one_another() -> None:
    numbers = Segments(3, Diagonals()).numbers(7, 2, 3)
    starts = [0, 2, 4, 7]
    spans = [numbers[a:b] for a, b in itertools.pairwise(starts)]
    assert all(one.max() + 1 == other.min() for one, other in itertools.pairwise(spans))
