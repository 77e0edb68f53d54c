"""Tiles that were drawn in part: found, exact, bounded, smaller; photographs are left as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, colours_of
from latentpress.codecs.lossless.drawn import looks_drawn
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.tiles import Method, TileCoder, method_of
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.codecs.webp import encode_webp
from latentpress.errors import CorruptFileError
from latentpress.image import Image
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec


def coder(depth: int = 8, channels: int = 3, max_error: int = 0) -> TileCoder:
    coders = {Method.ADAPTIVE: WaveCoder(PlainModel()), Method.ADAPTIVE_DRAWN: WaveCoder(PlainModel(), drawn=True)}
    return TileCoder(depth, channels, max_error, coders)


def grain(height: int, width: int, channels: int) -> NDArray[Any]:
    """What looks like a rough photograph: 0..1."""
    rng = np.random.default_rng(0)
    rough = np.cumsum(np.cumsum(rng.normal(size=(height, width, channels)), axis=0), axis=1)
    return np.clip(0.5 + 0.15 * rough / max(rough.std(), 1e-9) + rng.normal(0, 0.02, rough.shape), 0, 1)


def scan(height: int = 60, width: int = 80, depth: int = 8, channels: int = 3) -> NDArray[Any]:
    """Gray content in a fan on black, with writing in colour, by fewer levels than there are values."""
    y, x = np.mgrid[0:height, 0:width]
    fan = (np.abs(x - width / 2) < y * 0.8)[:, :, None]
    step = 2**depth // 64
    gray = np.floor(grain(height, width, 1) * 63) * step * fan
    samples = np.repeat(gray, channels, axis=2)
    samples[2:9, 3:30:4] = np.array([250, 200, 0][:channels]) << (depth - 8)
    return samples.astype(np.uint8 if depth == 8 else np.uint16)


@pytest.mark.parametrize("depth", [8, 12, 16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (3, 20), (33, 40)])
def test_exact(size: tuple[int, int], channels: int, depth: int) -> None:
    """Of pictures that are drawn and of others: the flag is only a guess."""
    peak, kind = 2**depth - 1, np.uint8 if depth == 8 else np.uint16
    noise = np.random.default_rng(1).integers(0, peak + 1, (*size, channels)).astype(kind)
    tiles = coder(depth, channels)
    for samples in (scan(*size, depth, channels), (grain(*size, channels) * peak).astype(kind), noise):
        data, _ = tiles._walked(samples, Method.ADAPTIVE_DRAWN, colours_of(samples.shape[2])[0])
        assert "drawings" in method_of(data)
        back = tiles.decode(memoryview(data), *size)
        assert back.dtype == samples.dtype
        assert np.array_equal(back, samples)


@pytest.mark.parametrize("max_error", [1, 4, 8])
def test_bound_on_every_sample(max_error: int) -> None:
    samples = scan()
    tiles = coder(8, 3, max_error)
    data = tiles.encode(samples, (Method.ADAPTIVE_DRAWN,))
    assert np.abs(tiles.decode(memoryview(data), 60, 80).astype(int) - samples).max() <= max_error


def test_smaller() -> None:
    """Levels that are not used and flat places cost next to nothing."""
    samples = scan()
    tiles = coder()
    plain, drawn = (
        len(tiles._walked(samples, m, colours_of(3)[0])[0]) for m in (Method.ADAPTIVE, Method.ADAPTIVE_DRAWN)
    )
    assert drawn < 0.9 * plain


def test_photographs_are_not_drawn(photograph: Image) -> None:
    assert not looks_drawn(photograph.pixels)
    assert not looks_drawn(photograph.pixels[:, :, 1:2])
    assert not looks_drawn((grain(60, 80, 3) * 65535).astype(np.uint16))
    assert not looks_drawn(np.random.default_rng(0).integers(0, 256, (50, 60, 4)).astype(np.uint8))


def test_what_is_drawn() -> None:
    """A picture with gray content only, few levels, or much of one colour."""
    gray = (grain(60, 80, 1) * 255).astype(np.uint8)
    assert looks_drawn(np.repeat(gray, 3, axis=2))
    assert looks_drawn(scan())
    assert looks_drawn(gray // 8 * 8)
    assert looks_drawn(np.where(np.arange(80)[None, :, None] < 50, 255, gray).astype(np.uint8))
    assert not looks_drawn(gray)


@pytest.mark.parametrize("network", [True, False])
def test_codec_sees_it(network: bool) -> None:
    image = Image(scan())
    codec = MlpLosslessCodec(network=network, threads=1)
    data = codec.encode(image)
    assert codec.methods(data) == ["networks for drawings" if network else "adaptive prediction for drawings"]
    assert MlpLosslessCodec().decode(data) == image


def test_damage_changes_no_picture() -> None:
    samples = scan(8, 9)
    tiles = coder()
    data, _ = tiles._walked(samples, Method.ADAPTIVE_DRAWN, colours_of(samples.shape[2])[0])
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        try:
            assert np.array_equal(tiles.decode(memoryview(bytes(damaged)), 8, 9), samples)  # only padding was hit
        except CorruptFileError:
            continue


@pytest.mark.parametrize("channels", [1, 3])
def test_never_larger_than_webp(channels: int) -> None:
    """WebP is among the methods of drawn tiles. Signs beside a smooth place, in a picture in which LZMA is no good."""
    rng = np.random.default_rng(0)
    signs = rng.integers(0, 3, (12, 9, 7, channels)) * 100
    rows = [np.concatenate(list(signs[rng.integers(0, 12, 8)]), axis=1) for _ in range(8)]
    samples = np.concatenate([np.concatenate(rows), grain(72, 90, channels) * 255], axis=1).astype(np.uint8)
    webp = encode_webp(samples)
    tiles = coder(8, channels)
    data = tiles.encode(samples, (Method.ADAPTIVE_DRAWN,))
    assert len(data) <= len(webp) + 5
    assert np.array_equal(tiles.decode(memoryview(data), *samples.shape[:2]), samples)


def test_webp_tiles() -> None:
    samples = scan(20, 30)
    tiles = coder()
    data = tiles._pack(Method.WEBP, Colours.GRAY, samples, encode_webp(samples))
    assert method_of(data) == "WebP"
    assert np.array_equal(tiles.decode(memoryview(data), 20, 30), samples)
    for other in (coder(10), coder(8, 4)):
        with pytest.raises(CorruptFileError):
            other.decode(memoryview(data), 20, 30)
    with pytest.raises(CorruptFileError, match="wrong size"):
        tiles.decode(memoryview(data), 20, 31)
    for place in range(0, len(data), 5):
        damaged = bytearray(data)
        damaged[place] ^= 8
        try:
            assert np.array_equal(tiles.decode(memoryview(bytes(damaged)), 20, 30), samples)
        except CorruptFileError:
            continue
