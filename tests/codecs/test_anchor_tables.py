"""Tables of anchors go into the arrays of a package and come back."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.anchor_tables import pack_tables, tables_by_anchor
from latentpress.errors import InvalidInputError


def test_tables_come_back_by_anchor_and_cost_what_their_weights_say() -> None:
    weights = np.zeros((6, 21))
    weights[1, 8:13] = (1, 2, 10, 2, 1)
    weights[2:, :] = np.exp(-0.4 * np.abs(np.arange(-10, 11)))
    weights[5, 20] += 3
    arrays = pack_tables(weights)
    assert arrays["radius"].tolist() == [0, 2, 10, 10, 10, 10]

    first, second = tables_by_anchor(arrays["counts"], arrays["radius"].reshape(2, 3))
    assert (len(first), len(second)) == (3, 3)
    symbols = np.array([0, 0, -2, 10])
    expected = -np.log2([1, 10 / 16, weights[2, 8] / weights[2].sum(), weights[5, 20] / weights[5].sum()])
    bits = np.append(first.bits(symbols[:3], np.arange(3)), second.bits(symbols[3:], np.array([2])))
    assert bits == pytest.approx(expected, abs=0.01)


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = pack_tables(np.ones((6, 5)))
    with pytest.raises(InvalidInputError):
        tables_by_anchor(arrays["counts"][:-1], arrays["radius"].reshape(2, 3))
