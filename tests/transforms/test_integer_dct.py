"""The DCT in whole numbers, held against the one in float."""

from __future__ import annotations

import numpy as np

from latentpress.transforms import Blocks, block_dct
from latentpress.transforms.integer_dct import IntegerDct


def test_it_is_the_transform_to_a_quarter_and_its_own_inverse_to_a_level() -> None:
    samples = np.random.default_rng(0).integers(-128, 128, (80, 64))
    exact = block_dct(samples.astype(np.float32)).reshape(10, 8, 64)
    found = IntegerDct().forward(Blocks(8).forward(samples))
    assert np.abs(found / 8 - exact).max() < 0.25
    back = IntegerDct().inverse(np.rint(found / 8))
    assert np.abs(Blocks(8).inverse(back) - samples).max() <= 1


def test_a_flat_block() -> None:
    coefficients = IntegerDct().forward(np.full((1, 64), 5))
    assert coefficients[0, 0] == 320
    assert not coefficients[0, 1:].any()
    assert (IntegerDct().inverse(coefficients // 8) == 5).all()
