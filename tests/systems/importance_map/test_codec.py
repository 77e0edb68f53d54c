"""Files of the shipped model: round trips, exactness, tiles, damage, importance that varies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress.codecs.targets import psnr_of
from latentpress.image import Image, read
from latentpress.systems.importance_map.codec import ImportanceCodec
from latentpress.systems.importance_map.layout import NOMINAL

EXAMPLE = Path(__file__).parents[3] / "examples" / "macaws.png"


def test_quality_is_continuous_and_rises(importance: ImportanceCodec, crop: Image) -> None:
    qualities = (0, 15, 16, 40, 41, 70, 100)
    files = [importance.encode(crop, quality) for quality in qualities]
    sizes = [len(data) for data in files]
    psnrs = [psnr_of(crop, importance.decode(data)) for data in files]
    assert sizes == sorted(set(sizes))
    assert psnrs[0] < psnrs[1] < psnrs[3] < psnrs[5] < psnrs[6]
    assert psnrs[0] > 20
    assert psnrs[6] > 38
    assert sizes[-1] > 20 * sizes[0]


def test_smaller_than_jpeg_at_equal_error(importance: ImportanceCodec, crop: Image) -> None:
    pytest.importorskip("scipy")
    from latentpress.bench.coders import get_coder

    jpeg = get_coder("jpeg-420")
    data = jpeg.encode(crop.pixels, 40)
    wanted = psnr_of(crop, Image(jpeg.decode(data)))
    found = latentpress.compress(crop, codec=importance, psnr=wanted)
    assert len(found) < 0.7 * len(data)


def test_importance_varies_in_space(importance: ImportanceCodec) -> None:
    """Maps of a photograph differ from place to place, and drop more where less is there."""
    image = Image(read(EXAMPLE).pixels[100:356, 150:534].copy())
    dropped = importance.opened(importance.encode(image, 15))[2].tile(0).exact[0]
    assert len(np.unique(dropped)) >= 3
    assert 0.2 < (dropped > NOMINAL).mean() < 0.8
    rows, columns = dropped.shape
    texture = image.pixels[..., 1].reshape(rows, 16, columns, 16).std(axis=(1, 3))
    assert texture[dropped > NOMINAL].mean() < 0.8 * texture[dropped <= NOMINAL].mean()
