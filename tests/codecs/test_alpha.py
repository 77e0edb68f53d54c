"""Alpha planes: predicted where that pays, as WebP where they are flat; old payloads, parts, damage."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageFilter

import latentpress
from latentpress.codecs.alpha import decode_alpha, encode_alpha
from latentpress.codecs.lossless.tiles import TileCoder
from latentpress.container import varint
from latentpress.errors import CorruptFileError
from latentpress.image import Image

SIZE = (90, 120)


def disc(soft: float, depth: int = 8) -> NDArray[np.unsignedinteger]:
    """A disc with an edge ``soft`` pixels wide, and where it is soft some grain."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    alpha = np.clip((40 - np.hypot(y - 45, x - 60)) / soft + 0.5, 0, 1)
    grain = np.random.default_rng(0).normal(0, 0.003, SIZE) * ((alpha > 0) & (alpha < 1) & (soft > 1))
    kind = np.uint8 if depth == 8 else np.uint16
    return np.rint(np.clip(alpha + grain, 0, 1) * (2**depth - 1)).astype(kind)


def webp(plane: NDArray[np.unsignedinteger]) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(plane.astype(np.uint8)).save(buffer, "WEBP", lossless=True, quality=80, method=4)
    return buffer.getvalue()


def as_webp(plane: NDArray[np.unsignedinteger], depth: int) -> bytes:
    """The payload that the first version wrote for a small plane."""
    block = webp(plane)
    if depth > 8:
        high = webp(plane >> 8)
        block = varint.encode(len(high)) + high + webp(plane & 255)
    return varint.encode(len(block)) + block


@pytest.mark.parametrize("depth", [8, 12, 16])
def test_soft_edges_are_predicted(depth: int) -> None:
    plane = disc(60, depth)
    payload = encode_alpha(plane, depth)
    assert np.array_equal(decode_alpha(payload, *SIZE, depth), plane)
    assert len(payload) < (0.98 if depth == 16 else 0.9) * len(as_webp(plane, depth))  # deep grain is noise
    window = (slice(3, 50), slice(70, 71))
    assert np.array_equal(decode_alpha(payload, *SIZE, depth, window), plane[window])


@pytest.mark.parametrize("depth", [8, 16])
def test_cut_outs_cost_no_more_time(depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flat shapes with smooth edges are WebP, and prediction is not even tried."""

    def refuse(*_: object) -> bytes:
        raise AssertionError("prediction was tried")

    monkeypatch.setattr(TileCoder, "encode", refuse)
    plane = np.full((200, 240), 2**depth - 1, np.uint8 if depth == 8 else np.uint16)
    plane[20:110, 30:150] = disc(1, depth)
    payload = encode_alpha(plane, depth)
    assert payload == as_webp(plane, depth)


@pytest.mark.parametrize("depth", [8, 9, 16])
def test_old_payloads(depth: int) -> None:
    plane = disc(30, depth)
    assert np.array_equal(decode_alpha(as_webp(plane, depth), *SIZE, depth), plane)


def test_the_smaller_one_is_taken() -> None:
    """Where repetition makes a better file than prediction does, it is used."""
    tile = np.random.default_rng(0).integers(0, 256, (9, 8)).astype(np.uint8)
    plane = np.tile(tile, (10, 15))
    payload = encode_alpha(plane, 8)
    assert len(payload) <= len(as_webp(plane, 8))
    assert np.array_equal(decode_alpha(payload, *SIZE, 8), plane)


def test_damage_changes_no_plane() -> None:
    """A predicted block has a checksum of its own."""
    plane = disc(60)[20:60, 30:80]
    payload = encode_alpha(plane, 8)
    length, start = varint.decode(memoryview(payload), 0)
    assert payload[start] == 0
    assert length == len(payload) - start
    for place in range(start, len(payload), 31):
        damaged = bytearray(payload)
        damaged[place] ^= 1 << (place % 8)
        try:
            assert np.array_equal(decode_alpha(bytes(damaged), *plane.shape, 8), plane)
        except CorruptFileError:
            continue
    for end in (start + 1, start + 5, len(payload) - 1):
        with pytest.raises(CorruptFileError):
            decode_alpha(payload[:end], *plane.shape, 8)


def test_in_lossy_files() -> None:
    """Soft alpha beside lossy colours is exact, whole and in part."""
    soft = PillowImage.fromarray(disc(2)).filter(ImageFilter.GaussianBlur(9))
    pixels = np.dstack([*[np.asarray(soft)[::-1]] * 3, np.asarray(soft)])
    pixels[:, :, 3] = disc(60)
    data = latentpress.compress(Image(pixels))
    assert np.array_equal(latentpress.decompress(data).pixels[:, :, 3], pixels[:, :, 3])
    part = latentpress.decompress(data, (50, 40, 30, 20)).pixels
    assert np.array_equal(part[:, :, 3], pixels[40:60, 50:80, 3])
