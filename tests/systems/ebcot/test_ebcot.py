"""Code blocks: contexts of the standard, blocks of any kind, what files are worth beside JPEG 2000."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import features

from latentpress.codecs.code_blocks import _SIGNIFICANCE, SIDE, decode_blocks, encode_blocks
from latentpress.codecs.targets import psnr_of
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.systems.ebcot.codec import EbcotCodec


def test_contexts_of_significance_are_those_of_the_standard() -> None:
    """Rows of table D.1 for detail down (LH): sides, above and below, corners."""
    rows = [
        (2, 0, 0, 8),
        (1, 1, 0, 7),
        (1, 0, 1, 6),
        (1, 0, 0, 5),
        (0, 2, 0, 4),
        (0, 1, 3, 3),
        (0, 0, 2, 2),
        (0, 0, 1, 1),
    ]
    for sides, others, corners, context in [*rows, (0, 0, 0, 0), (2, 2, 4, 8), (1, 2, 0, 7)]:
        assert _SIGNIFICANCE[1, sides, others, corners] == _SIGNIFICANCE[0, others, sides, corners] == context
    both = [
        (0, 0, 3, 8),
        (1, 0, 2, 7),
        (0, 0, 2, 6),
        (1, 1, 1, 5),
        (1, 0, 1, 4),
        (0, 0, 1, 3),
        (0, 2, 0, 2),
        (1, 0, 0, 1),
    ]
    for sides, others, corners, context in [*both, (0, 0, 0, 0), (2, 2, 4, 8)]:
        assert _SIGNIFICANCE[2, sides, others, corners] == context


@pytest.mark.parametrize("scale", [0.4, 3, 500])
def test_blocks_come_back(scale: float) -> None:
    rng = np.random.default_rng(0)
    blocks = np.trunc(rng.laplace(0, scale, (7, SIDE, SIDE))).astype(np.int32)
    valid = np.ones(blocks.shape, bool)
    valid[2, 20:], valid[4, :, 3:] = False, False
    blocks[~valid] = 0
    blocks[5] = 0
    planes = np.frexp(np.abs(blocks).max(axis=(1, 2)).astype(float))[1]
    directions = np.arange(7) % 3
    parts = encode_blocks(blocks, valid, directions, planes)
    assert np.array_equal(decode_blocks(parts, valid, directions, planes), blocks)
    assert len(parts[5]) < 3
    alone = encode_blocks(blocks[3:4], valid[3:4], directions[3:4], planes[3:4])
    assert alone == parts[3:4]  # no block knows of another


@pytest.mark.skipif(not features.check("jpg_2000"), reason="Pillow without OpenJPEG")
def test_no_larger_than_jpeg_2000(photograph: Image) -> None:
    codec = EbcotCodec()
    data = codec.encode(photograph, 30)
    stream = io.BytesIO()
    rate = photograph.pixels.size / len(data)
    PillowImage.fromarray(photograph.pixels).save(
        stream, "JPEG2000", quality_mode="rates", quality_layers=[rate], irreversible=True
    )
    theirs = Image(np.asarray(PillowImage.open(stream)))
    assert len(stream.getvalue()) < 1.1 * len(data)
    assert psnr_of(photograph, codec.decode(data)) > psnr_of(photograph, theirs)


def test_wavelets(photograph: Image) -> None:
    part = Image(photograph.pixels[:64, :96].copy())
    files = {name: EbcotCodec(name).encode(part, 55) for name in ("cdf97", "cdf53", "haar")}
    assert min(psnr_of(part, EbcotCodec().decode(data)) for data in files.values()) > 34
    assert len(files["cdf97"]) < len(files["haar"])
    with pytest.raises(InvalidInputError, match="wavelet"):
        EbcotCodec("db4")
