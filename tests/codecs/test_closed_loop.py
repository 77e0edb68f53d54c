"""The closed loop: what blocks see of each other, residuals there and back, and the DCT of three planes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.closed_loop import ONE, Around, Border, Residuals, dct_of_planes, in_waves, steps_of

SIDE, REACH = 4, 2


def test_a_block_sees_what_came_before_and_nothing_else() -> None:
    """Each block is its own number; around it stand those of its upper and left neighbours."""
    height, width = 3, 4
    seen: dict[int, NDArray[Any]] = {}

    def block_of(places: NDArray[Any], around: Around) -> NDArray[Any]:
        levels = np.where(around.known[:, None], around.levels + around.mean[..., None, None], -1)[0, :, 0]
        seen.update(dict(zip(places.tolist(), levels, strict=True)))
        values = np.broadcast_to(places[None, :, None, None, None], (1, len(places), 3, SIDE, SIDE))
        return values

    picture = in_waves(1, (height, width), SIDE, REACH, block_of)
    assert np.array_equal(picture[0, 1, ::SIDE, ::SIDE], np.arange(height * width).reshape(height, width))
    assert (seen[0] == -1).all()
    middle = seen[5]
    assert (middle[:REACH, :REACH] == 0).all()
    assert (middle[:REACH, REACH : REACH + SIDE] == 1).all()
    assert (middle[:REACH, REACH + SIDE :] == 2).all()
    assert (middle[REACH:, :REACH] == 4).all()
    assert (middle[REACH:, REACH:] == -1).all()
    assert (seen[11][:REACH, REACH + SIDE :] == -1).all()  # beyond the right edge


def test_features_are_whole_numbers_of_the_border() -> None:
    border = Border(SIDE, (2, 1, 1))
    found = []

    def block_of(places: NDArray[Any], around: Around) -> NDArray[Any]:
        found.append(border.features(around, np.array([7, 9])))
        return np.full((2, len(places), 3, SIDE, SIDE), 50)

    in_waves(2, (2, 2), SIDE, border.reach, block_of)
    assert found[0].shape == (2, border.inputs)
    assert border.inputs == 2 * (2 + 8) + 2 * 4 + 2 * ((1 + 8) + 4) + 4
    assert np.array_equal(32 * found[0][:, -1], [7, 9])
    assert not found[0][:, :-1].any()  # nothing is known
    last = 32 * found[-1][0]
    assert not last[:-4].any()  # all that is known is equal to its mean
    assert last[-4:].tolist() == [255, 255, 0, 7]


def test_the_dct_is_orthonormal_and_residuals_come_back() -> None:
    matrix = dct_of_planes(8)
    assert np.allclose(matrix @ matrix.T, np.eye(192), atol=1e-5)
    assert np.allclose(matrix[:3, ::64], np.eye(3) / 8, atol=1e-6)
    residuals, rng = Residuals(np.rint(ONE * matrix).astype(np.int16)), np.random.default_rng(0)
    rest = np.rint(rng.laplace(0, 20, (50, 192)))
    errors = []
    for step in (4 * 16, 16):
        back = residuals.rest(residuals.symbols(rest, step), step)
        errors.append(np.abs(back - rest).mean())
    assert errors[1] < 0.5 < errors[0] < 2
    steps = np.array([[64]] * 25 + [[16]] * 25)
    both = residuals.rest(residuals.symbols(rest, steps), steps)
    assert np.array_equal(both[25:], residuals.rest(residuals.symbols(rest[25:], 16), 16))


def test_blocks_that_are_not_worth_their_bits_have_none() -> None:
    residuals = Residuals(ONE * np.eye(192, dtype=np.int32))
    rest = np.zeros((3, 192))
    rest[:, 0] = 0.85, 0.75, 0.75
    rest[2, 1] = -5.0
    found = residuals.symbols(rest, 16)
    assert found[:, :2].tolist() == [[1, 0], [0, 0], [1, -5]]
    assert not found[:, 2:].any()


def test_steps_fall_by_octaves() -> None:
    steps = steps_of(128, 96, 16)
    assert steps[[0, 16, 96]].tolist() == [2048, 1024, 32]
    assert (np.diff(steps.astype(int)) < 0).all()
