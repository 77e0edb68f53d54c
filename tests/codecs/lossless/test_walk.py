"""Tiles through the coder without networks: exact, bounded, with every method, and no damage unnoticed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.ranks import used_values
from latentpress.codecs.lossless.stream import ResidualWriter
from latentpress.codecs.lossless.tiles import Method, TileCoder, method_of
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.errors import CorruptFileError, LatentPressError
from latentpress.image import Image

SIZES = [(1, 1), (1, 20), (20, 1), (3, 5), (17, 9)]


def coder(depth: int = 8, channels: int = 3, max_error: int = 0) -> TileCoder:
    return TileCoder(depth, channels, max_error, {Method.ADAPTIVE: WaveCoder(PlainModel())})


def there_and_back(tiles: TileCoder, samples: NDArray[Any]) -> tuple[bytes, NDArray[Any]]:
    data = tiles.encode(samples, (Method.ADAPTIVE,))
    return data, tiles.decode(memoryview(data), *samples.shape[:2])


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[1]}x{s[0]}")
@pytest.mark.parametrize("depth", [8, 11, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_exact(make: Any, size: tuple[int, int], depth: int, channels: int) -> None:
    samples = make(*size, channels, depth).pixels
    _, back = there_and_back(coder(depth, channels), samples)
    assert back.dtype == samples.dtype
    assert np.array_equal(back, samples)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("kind", ["noise", "extremes", "constant", "dots"])
def test_hard_pictures(kind: str, depth: int) -> None:
    """What the predictor does not expect costs bits, never exactness; noise costs hardly more than it must."""
    rng = np.random.default_rng(3)
    peak, dtype = 2**depth - 1, np.uint8 if depth == 8 else np.uint16
    samples = {
        "noise": rng.integers(0, peak + 1, (24, 20, 3)),
        "extremes": rng.integers(0, 2, (24, 20, 3)) * peak,
        "constant": np.full((24, 20, 3), 77),
        "dots": (rng.random((24, 20, 3)) < 0.01) * peak,
    }[kind].astype(dtype)
    data, back = there_and_back(coder(depth), samples)
    assert np.array_equal(back, samples)
    assert len(data) < 1.15 * samples.nbytes + 100
    if kind == "constant":
        assert len(data) <= 11


@pytest.mark.parametrize("channels", [1, 3])
def test_bound_on_every_sample(make: Any, channels: int) -> None:
    samples = make(16, 30, channels, 8).pixels.copy()
    samples[5:10, 5:20] = np.random.default_rng(0).integers(0, 256, (5, 15, channels))
    sizes = []
    for max_error in (0, 1, 2, 4, 8):
        data, back = there_and_back(coder(8, channels, max_error), samples)
        assert np.abs(back.astype(int) - samples).max() <= max_error
        sizes.append(len(data))
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("depth", [8, 12, 16])
def test_few_values_go_by_rank(make: Any, depth: int) -> None:
    """A picture of coarse steps costs what it costs without the gaps, in any depth."""
    coarse = make(20, 24, 3, 8).pixels // 2
    gaps = (coarse.astype(np.int64) * ((2**depth - 1) // 127)).astype(np.uint8 if depth == 8 else np.uint16)
    data, back = there_and_back(coder(depth), gaps)
    assert np.array_equal(back, gaps)
    assert len(data) < len(there_and_back(coder(), coarse)[0]) + 100  # the list of values


def test_damaged_ranks_change_no_picture(make: Any) -> None:
    samples = make(5, 6, 1, 8).pixels // 2 * np.uint16(500)
    tiles = coder(16, 1)
    data, _ = tiles._walked(samples, Method.ADAPTIVE, Colours.GRAY, used_values(samples, 16)[0])
    assert data[0] & 8
    for place in range(1, len(data), 2):
        damaged = bytearray(data)
        damaged[place] ^= 16
        try:
            assert np.array_equal(tiles.decode(memoryview(bytes(damaged)), 5, 6), samples)
        except CorruptFileError:
            continue


@pytest.mark.parametrize("method", [Method.ADAPTIVE, Method.ADAPTIVE_DRAWN])
def test_what_is_written_is_read_back(make: Any, monkeypatch: pytest.MonkeyPatch, method: Method) -> None:
    """Also with a bound on errors; a coder that wrote one bit wrongly is found before a file is handed out."""
    samples = make(16, 30, 3, 8).pixels
    drawn = method == Method.ADAPTIVE_DRAWN
    tiles = TileCoder(8, 3, 1, {method: WaveCoder(PlainModel(), drawn)})
    tiles.encode(samples, (method,))
    finish = ResidualWriter.finish

    def wrongly(writer: ResidualWriter) -> bytes:
        data = bytearray(finish(writer))
        data[len(data) // 2] ^= 4
        return bytes(data)

    monkeypatch.setattr(ResidualWriter, "finish", wrongly)
    with pytest.raises(LatentPressError):
        tiles.encode(samples, (method,))


def test_bound_with_deep_samples(make: Any) -> None:
    samples = make(10, 12, 3, 16).pixels
    assert np.abs(there_and_back(coder(16, 3, 4), samples)[1].astype(int) - samples).max() <= 4


def test_drawings_are_strings() -> None:
    """Repeated patterns are what prediction cannot do."""
    tile = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    samples = np.tile(tile, (12, 12, 1))
    data, back = there_and_back(coder(), samples)
    assert np.array_equal(back, samples)
    assert len(data) < 1000
    assert "LZMA" in method_of(data)


def test_prediction_adapts() -> None:
    """Rows that follow from those before them by a rule that no fixed predictor knows."""
    rng = np.random.default_rng(5)
    plane = np.full((64, 64), 128.0)
    plane[:2] += rng.normal(0, 30, (2, 64))
    for y in range(2, 64):
        plane[y] = 128 + 1.2 * (np.roll(plane[y - 1], 1) - 128) - 0.35 * (plane[y - 2] - 128) + rng.normal(0, 6, 64)
    samples = np.clip(np.rint(plane), 0, 255).astype(np.uint8)[:, :, None]
    data, _ = there_and_back(coder(8, 1), samples)
    noise = 0.5 * np.log2(2 * np.pi * np.e * 36)
    assert 8 * len(data) / samples.size < noise + 0.6


def test_damage_changes_no_picture(make: Any) -> None:
    """A tile's own checksum: whatever happens to its bytes, no wrong picture comes out."""
    samples = make(6, 8, 1, 8).pixels
    tiles = coder(8, 1)
    data = tiles.encode(samples, (Method.ADAPTIVE,))
    found = 0
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        try:
            assert np.array_equal(tiles.decode(memoryview(bytes(damaged)), 6, 8), samples)  # only padding was hit
        except CorruptFileError:
            found += 1
    assert found >= len(data) - 4
    for end in range(0, len(data) - 4, 5):
        with pytest.raises(CorruptFileError):
            tiles.decode(memoryview(data[:end]), 6, 8)
    with pytest.raises(CorruptFileError):
        tiles.decode(memoryview(data + b"\0\0"), 6, 8)


def test_damaged_strings_are_found(rgb: Image) -> None:
    samples = np.tile(np.arange(24, dtype=np.uint8).reshape(2, 4, 3), (20, 20, 1))
    tiles = coder()
    data = tiles.encode(samples, (Method.ADAPTIVE,))
    assert "LZMA" in method_of(data)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 4
        with pytest.raises(CorruptFileError):
            tiles.decode(memoryview(bytes(damaged)), 40, 80)
