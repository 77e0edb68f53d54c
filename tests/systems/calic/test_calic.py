"""CALIC is exact on hard pictures, does better than JPEG-LS on photographs, and reads any bytes without harm."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs import symbols
from latentpress.errors import CorruptFileError
from latentpress.image import Image
from latentpress.systems.calic.codec import CalicCodec
from latentpress.systems.jpeg_ls.codec import JpegLsCodec


@pytest.mark.parametrize("depth", [8, 12, 16])
@pytest.mark.parametrize("kind", ["noise", "extremes", "two values"])
def test_hard_pictures(kind: str, depth: int) -> None:
    rng, peak = np.random.default_rng(0), 2**depth - 1
    samples = {
        "noise": rng.integers(0, peak + 1, (13, 17, 3)),
        "extremes": rng.integers(0, 2, (13, 17, 3)) * peak,
        "two values": np.where(rng.random((13, 17, 1)) < 0.2, 9, peak // 2).repeat(3, axis=2),
    }[kind]
    image = Image(samples.astype(np.uint8 if depth == 8 else np.uint16), bit_depth=depth)
    data = CalicCodec().encode(image)
    assert CalicCodec().decode(data) == image
    if kind == "two values":
        assert len(data) < samples.size / 3


def test_smaller_than_jpeg_ls(photograph: Image) -> None:
    gray = Image(np.ascontiguousarray(photograph.pixels[:96, :96, 1:2]))
    assert len(CalicCodec().encode(gray)) < len(JpegLsCodec().encode(gray))


def test_damaged_scans() -> None:
    rng, codec = np.random.default_rng(0), CalicCodec()
    for length in (0, 5, 400):
        plane = np.zeros((12, 12), np.int64)
        with pytest.raises(CorruptFileError):
            codec.read(rng.integers(0, 256, length).astype(np.uint8).tobytes(), plane, 8, 0, 0)
        assert 0 <= plane.min() <= plane.max() <= 255


def test_coder_of_symbols() -> None:
    """Skewed tables and plain bits come back, and cost what their probabilities say."""
    rng = np.random.default_rng(0)
    wanted = np.minimum(rng.geometric(0.9, 2000) - 1, 4)
    data = np.zeros(4000, np.uint8)

    def walk(writing: bool) -> tuple[list[int], int]:
        coder, found = symbols.start(data, writing), []
        counts = np.array([1, 1, 1, 1, 1, 5])
        for symbol in wanted.tolist():
            found.append(symbols.code_symbol(coder, data, counts, symbol if writing else 0, writing))
            found.append(symbols.code_plain(coder, data, 3, 7 if writing else 0, writing))
        return found, symbols.finish(coder, data, writing)

    there, used = walk(True)
    back, read = walk(False)
    assert there == back
    assert used == read
    chances = np.bincount(wanted) / wanted.size
    ideal = -wanted.size * (chances * np.log2(chances)).sum() + 3 * wanted.size
    assert used < 1.02 * ideal / 8 + 20
