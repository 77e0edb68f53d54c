"""Quantisation tables: libjpeg's, as Pillow writes them, and what a network is told of them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from latentpress.errors import InvalidInputError
from latentpress.restoration.tables import Quantisation, describe, standard_quantisation, standard_tables


@pytest.mark.parametrize("quality", [1, 5, 10, 37, 50, 75, 90, 99, 100])
def test_standard_tables_are_those_of_libjpeg(quality: int, jpeg: Callable[..., bytes]) -> None:
    with Image.open(io.BytesIO(jpeg(np.zeros((16, 16, 3), np.uint8), quality))) as picture:
        found = [np.array(picture.quantization[i]).reshape(8, 8) for i in (0, 1)]
    assert all(np.array_equal(a, b) for a, b in zip(found, standard_tables(quality), strict=True))


@pytest.mark.parametrize("quality", range(3, 100, 4))
def test_the_quality_is_found_in_the_tables(quality: int) -> None:
    quantisation = standard_quantisation(quality)
    assert quantisation.quality == quality
    assert quantisation.standard
    odd = Quantisation(quantisation.luma + 1, quantisation.chroma)
    assert not odd.standard


def test_what_a_network_is_told_follows_the_steps() -> None:
    values = describe([standard_quantisation(q, (1, 2)) for q in (5, 20, 60, 95)])
    assert values["condition"].shape == (4, 10)
    assert values["tables"].shape == (4, 2, 8, 8)
    assert (np.diff(values["condition"][:, :8], axis=0) < 0.01).all()
    assert (np.diff(values["scale"], axis=0) < 0).all()
    assert values["condition"][:, 8:].tolist() == [[0, 1]] * 4
    assert np.abs(values["condition"]).max() <= 2
    assert all(value.dtype == np.float32 for value in values.values())


@pytest.mark.parametrize("quality", [0, 101])
def test_impossible_quality(quality: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 100"):
        standard_tables(quality)
