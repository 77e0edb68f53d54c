"""Parts of lc-fdnet: geometry, features, thresholds, least squares."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.lossless.model import network_inputs
from latentpress.systems.lc_fdnet.features import layout_of
from latentpress.systems.lc_fdnet.frequencies import BESIDE, HIGH_INPUTS, Statistics, high_inputs, statistics, threshold
from latentpress.systems.lc_fdnet.model import STEPS
from latentpress.systems.lc_fdnet.predictor import StepPredictor
from latentpress.systems.lc_fdnet.squares import BlockSquares
from latentpress.systems.lc_fdnet.subimages import BLOCK, ORDER, A, B, C, D, Grid, Sheet, known_before

SIZES = [(1, 1), (1, 6), (5, 1), (2, 2), (7, 9), (65, 70), (130, 3)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_sub_images_make_the_plane(height: int, width: int) -> None:
    plane = np.random.default_rng(0).integers(-255, 256, (height, width))
    sheet = Sheet.of(plane)
    assert np.array_equal(sheet.plane(), plane)
    grid = sheet.grid
    assert sum(rows * columns for rows, columns in map(grid.shape, range(4))) == height * width
    for position in ORDER:
        rows = sorted(y for r in range(grid.lane_rows) for y in range(*grid.rows(position, r).indices(height)))
        assert rows == list(range(grid.shape(position)[0]))  # each row in one batch
        assert sum(grid.count(position, r) for r in range(grid.lane_rows)) == len(rows)


def test_neighbours_lie_where_they_should() -> None:
    """Against the plane itself, with copies of the border of each sub-image beyond it."""
    plane = np.arange(14 * 10).reshape(14, 10)
    sheet = Sheet.of(plane)
    for position in (A, *ORDER):
        sheet.close(position)
    for position in ORDER:
        for place in ((-3, 1), (0, 0), (1, 1), (2, -2), (3, 3)):
            found = sheet.near(position, place, 0)
            for i, y in enumerate(range((position >> 1), 14, 2 * sheet.grid.lane_rows)):
                for j, x in enumerate(range(position & 1, 10, 2)):
                    ty, tx = y + place[0], x + place[1]
                    wanted = plane[min(max(ty, ty & 1), 12 + (ty & 1)), min(max(tx, tx & 1), 8 + (tx & 1))]
                    assert found[i, j] == wanted


def test_only_what_is_known_is_seen() -> None:
    """Neighbours of the plane itself belong to earlier sub-images, or to earlier rows of the same."""
    assert [known_before(position) for position in (D, B, C)] == [(A,), (A, D), (A, D, B)]
    for position, plane in STEPS:
        layout = layout_of(position, plane)
        for dy, dx in layout.own:
            assert 2 * (((position >> 1) + dy) & 1) + (((position & 1) + dx) & 1) in known_before(position)
        assert len(set(layout.own)) == len(layout.own)
        assert all(dy < 0 for dy, dx in layout.errors if dy % 2 == 0 and dx % 2 == 0)


@pytest.mark.parametrize("position", ORDER)
def test_the_future_changes_nothing(position: int) -> None:
    """A batch's features do not depend on later sub-images."""
    grid = Grid(70, 40)
    found = []
    for later in (0.0, 9.0):
        values, errors = Sheet(grid), Sheet(grid)
        for other in range(4):
            values.fill(other, np.random.default_rng(other).integers(0, 256, grid.shape(other)))
            if other not in known_before(position):
                values.fill(other, np.full(grid.shape(other), later))
        n = layout_of(position, 0).linear
        predictor = StepPredictor(grid, position, [values], [errors], np.zeros((n, n + 1), np.int64), 0)
        found.append(predictor.look(0).features)
    assert np.array_equal(found[0].linear, found[1].linear)
    assert np.array_equal(found[0].scale, found[1].scale)


def test_weights_are_found_and_whole() -> None:
    """A block finds a rule of its own, exactly the same again."""
    grid = Grid(128, 8 * BLOCK)
    rule = np.array([[0.5, -0.25, 0.75], [-1.0, 0.5, 0.25]])  # of the left and of the right half
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(0)
        squares = BlockSquares(np.zeros((3, 4), np.int64), grid)
        for r in range(grid.lane_rows):
            linear = rng.integers(-255, 256, (3, grid.count(D, r) * grid.columns)).astype(np.float64)
            block = (np.arange(linear.shape[1]) % grid.columns) // BLOCK
            target = np.rint((rule[block // 2].T * linear).sum(axis=0))
            predicted, shared = squares.predict(linear)
            squares.learn(linear, target)
        runs.append(predicted)
    assert np.array_equal(*runs)
    assert np.array_equal(predicted, np.floor(predicted))
    outer = (block == 0) | (block == 3)
    assert np.abs(predicted / 16 - target)[outer].mean() < 0.3 * np.abs(shared / 16 - target)[outer].mean()


def test_threshold_follows_the_statistics() -> None:
    sheet = Sheet(Grid(32, 32))
    sheet.fill(A, np.full((16, 16), 7))
    calm = statistics(sheet, sheet.grid, D, 0)
    sheet.fill(A, np.random.default_rng(0).integers(0, 256, (16, 16)))
    wild = statistics(sheet, sheet.grid, D, 0)
    assert calm.deviation == 0 < wild.deviation
    assert calm.mean < wild.mean
    sheet.fill(A, sheet.inside(A) * 256)
    assert abs(statistics(sheet, sheet.grid, D, 8).mean - wild.mean) <= 1  # whatever the depth
    weights = np.array([5, 256, -64])
    assert threshold(weights, Statistics(100, 16)) == 5 + 400 - 16
    assert threshold(weights, Statistics(-1, 0)) == 1


def test_the_second_network_sees_known_errors_alone() -> None:
    grid = Grid(8, 2 * BLOCK)
    values, errors = Sheet(grid), Sheet(grid)
    values.fill(A, np.random.default_rng(0).integers(0, 256, (4, BLOCK)))
    n = layout_of(D, 0).linear
    guess = StepPredictor(grid, D, [values], [errors], np.zeros((n, n + 1), np.int64), 0).look(1)
    inputs = network_inputs(guess, 0)
    known = np.zeros((1, BLOCK), bool)
    known[0, [3, 6]] = True
    wrong = np.where(known, 16.0 * guess.features.scale.reshape(1, -1) / 512, 0.0)
    outputs = np.full(BLOCK, 160.0), np.full(BLOCK, -900.0)
    x = high_inputs(inputs, guess, outputs, wrong, known, np.array([0, 4, 5]))
    assert x.shape == (3, inputs.shape[1] + HIGH_INPUTS)
    assert np.array_equal(x[:, : inputs.shape[1]], inputs[[0, 4, 5]])
    assert x[0, inputs.shape[1] :].tolist() == [10, -255] + [0] * 8
    assert BESIDE == (-1, 1, -2, 2)
    assert x[1, -4:].tolist() == [128, 0, 0, 128]
    assert x[2, -4:].tolist() == [0, 128, 128, 0]
    assert (x[1, -8:-4] != 0).tolist() == [True, False, False, True]
