"""LCIC is exact on planes of any shape, and its chroma takes the direction that lines have."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.image import Image
from latentpress.systems.calic.codec import CalicCodec
from latentpress.systems.lcic.codec import LcicCodec


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (11, 14)])
def test_shapes(shape: tuple[int, int], depth: int) -> None:
    samples = np.random.default_rng(0).integers(0, 2**depth, (*shape, 3))
    image = Image(samples.astype(np.uint8 if depth == 8 else np.uint16))
    assert LcicCodec().decode(LcicCodec().encode(image)) == image


def test_directions() -> None:
    """Lines that differ, each even along itself, are predicted along, and cost much less than by CALIC."""
    rows = np.random.default_rng(0).integers(0, 256, (24, 1)).repeat(40, axis=1)
    for plane in (rows, rows.T.copy()):
        chroma = [len(codec().write(plane.copy(), 8, 1, 0)) for codec in (LcicCodec, CalicCodec)]
        assert chroma[0] < 0.75 * chroma[1]


def test_gray_is_calic(photograph: Image) -> None:
    """Without chroma the two write the same scan."""
    gray = Image(np.ascontiguousarray(photograph.pixels[:20, :20, :1]))
    assert len(LcicCodec().encode(gray)) == len(CalicCodec().encode(gray))
