"""Coefficients in contexts of whole numbers: both sides of the walk, and the fit of its weights."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.coefficients import KINDS, LEADING, SCALES, TABLES, CoefficientCoder, groups, table_of
from latentpress.codecs.ports import Pricing, read, write
from latentpress.codecs.rates import mix_of

training = pytest.importorskip("latentpress.training.coefficients", reason="needs torch", exc_type=ImportError)

COUNT = 12
MIX = mix_of(5, 2)[0]


def coder(weights: np.ndarray | None = None, slope: int = 0, whole: bool = False) -> CoefficientCoder:
    arrays = training.first_tables(2, COUNT)
    if weights is not None:
        arrays["weights"] = weights
    arrays["means"] = np.full((4, 9 * LEADING), slope, np.int32)
    return CoefficientCoder(arrays, whole=whole)


def some_weights() -> np.ndarray:
    shape = (2, KINDS, COUNT, 1 + 2 * len(groups(COUNT)))
    return np.random.default_rng(3).integers(0, 9000, shape).astype(np.int32)


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (19, 4)])
@pytest.mark.parametrize("slope", [0, -150])
def test_what_is_written_is_read(shape: tuple[int, int], slope: int) -> None:
    x = np.random.default_rng(1).laplace(0, 3, (COUNT, *shape)).astype(np.float32)
    one = coder(some_weights(), slope)
    coded = one.code(Pricing(), MIX, shape, x, np.inf)
    stream = write(lambda port: one.code(port, MIX, shape, x, np.inf))
    again = read(stream, lambda port: one.code(port, MIX, shape, None, np.inf))
    assert np.array_equal(coded.values, again.values)
    assert np.array_equal(coded.exact[0], again.exact[0])
    assert np.abs(again.values - x).max() <= 0.5 + 1e-4
    assert (again.values * 16 == np.rint(again.values * 16)).all()


def test_what_is_left_out_has_no_symbols_and_costs_nothing() -> None:
    shape = (9, 14)
    x = np.random.default_rng(1).laplace(0, 3, (COUNT, *shape)).astype(np.float32)
    one = coder(some_weights(), -150, whole=True)
    kept = np.broadcast_to(np.arange(COUNT)[:, None, None] < np.arange(14) % (COUNT + 1), x.shape)
    port = Pricing()
    coded = one.code(port, MIX, shape, x, np.inf, kept)
    stream = write(lambda port: one.code(port, MIX, shape, x, np.inf, kept))
    again = read(stream, lambda port: one.code(port, MIX, shape, None, np.inf, kept))
    assert np.array_equal(coded.values, again.values)
    assert np.array_equal(coded.values, np.rint(coded.values))
    assert np.abs(coded.values - x)[kept].max() <= 0.5 + 1e-4
    assert not coded.exact[0][~kept].any()
    nothing = Pricing()
    one.code(nothing, MIX, shape, x, np.inf, np.zeros_like(kept))
    assert nothing.total == 0 < port.total


def test_groups_hold_every_coefficient_once() -> None:
    parts = groups(768)
    assert [part.stop for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert (parts[0], parts[-1].stop) == (slice(0, LEADING), 768)
    assert len(parts) < 20


def test_tables_of_scales() -> None:
    assert table_of(np.array([-5, 0, SCALES[0] - 1, SCALES[0], 2**60]), 0).tolist() == [1, 1, 1, 2, TABLES // 2]
    assert table_of(np.array([-5, 2**60]), 3).tolist() == [1 + TABLES // 2, TABLES - 1]


def test_flat_blocks_cost_next_to_nothing() -> None:
    weights = np.zeros_like(some_weights())
    weights[..., 1:] = 2000  # nothing around: the smallest scale
    weights[..., 2] = 0
    port = Pricing()
    coder(weights).code(port, MIX, (32, 32), np.zeros((COUNT, 32, 32), np.float32), 12.0)
    assert port.total < 32 * 32 * COUNT * 1e-3


def test_the_fit_finds_the_weights_of_laplacians() -> None:
    rng = np.random.default_rng(0)
    known = np.concatenate([np.ones((1, 60_000)), rng.poisson(3.0, (2, 60_000))])
    truth = np.array([0.2, 0.5, 0.1])
    sizes = rng.exponential(truth @ known)
    found = training.likely(known, sizes, truth * 1.5)
    assert np.abs(found / truth - 1).max() < 0.2
    spread = training.likely(known, sizes, truth)
    assert np.abs(spread / truth - 1).max() < 0.05  # the guess holds it
