"""What codecs share beside colours: alpha, depth, metadata. That all modes come back is in tests/systems."""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import replace

import numpy as np
import pytest

from latentpress import container
from latentpress.codecs import get_codec
from latentpress.codecs.alpha import decode_alpha, encode_alpha, fill_hidden
from latentpress.codecs.base import Codec
from latentpress.container import ALPHA, EXIF, ICC, XMP, Chunk
from latentpress.errors import CorruptFileError, LimitError
from latentpress.image import Image, Metadata

LOSSY = ["hyperprior", "importance-map"]
METADATA = Metadata(b"a profile" * 40, b"MM\0*\0\0\0\x08\0\0", b"<xmp/>")


@pytest.fixture(scope="module", params=LOSSY)
def codec(request: pytest.FixtureRequest) -> Codec:
    return get_codec(request.param, threads=1)


def make(height: int, width: int, channels: int, depth: int) -> Image:
    """A slope with an edge, in full range of the depth, and an alpha with soft and hard parts."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(0.2 + 0.6 * (x + 3 * c) / (width + 9) + 0.1 * (y > height // 2)) for c in range(channels)]
    samples = np.stack(planes, axis=2)
    if channels in (2, 4):
        samples[:, :, -1] = np.clip((x - width / 4) / (width / 3), 0, 1)
    peak = 2**depth - 1
    return Image(np.rint(samples * peak).astype(np.uint8 if depth == 8 else np.uint16), depth, METADATA)


def test_deep_pictures_have_finer_steps(codec: Codec) -> None:
    """A dark slope that 8 bits show in 5 steps."""
    slope = np.rint(np.linspace(1000, 2200, 128)).astype(np.uint16)
    image = Image.from_array(np.broadcast_to(slope, (64, 128)))
    back = codec.decode(codec.encode(image, quality=100)).pixels[:, :, 0]
    assert len(np.unique(back)) > 20
    assert np.abs(back.astype(int) - image.pixels[:, :, 0]).mean() < 100


def test_metadata_costs_nothing_when_there_is_none(codec: Codec, rgb: Image) -> None:
    kinds = [chunk.kind for chunk in container.read(codec.encode(rgb))[1]]
    assert kinds == [container.STREAM]
    full = Image(rgb.pixels, metadata=METADATA)
    kinds = [chunk.kind for chunk in container.read(codec.encode(full))[1]]
    assert kinds == [ICC, EXIF, XMP, container.STREAM]


def test_hidden_colours_cost_nothing(codec: Codec) -> None:
    """Noise under alpha 0 may not be paid for, nor change what is seen."""
    noisy = make(96, 96, 4, 8).pixels.copy()
    hidden = noisy[:, :, 3] == 0
    clean = noisy.copy()
    noisy[hidden, :3] = np.random.default_rng(0).integers(0, 256, (int(hidden.sum()), 3))
    clean[hidden, :3] = 0
    assert len(codec.encode(Image(noisy))) == len(codec.encode(Image(clean)))
    kept = fill_hidden(noisy[:, :, :3], noisy[:, :, 3])
    assert np.array_equal(kept[~hidden], noisy[:, :, :3][~hidden])


@pytest.mark.parametrize("depth", [8, 9, 16])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (1025, 1030)])
def test_alpha_planes(size: tuple[int, int], depth: int) -> None:
    rng = np.random.default_rng(depth)
    kind = np.uint8 if depth == 8 else np.uint16
    noise = rng.integers(0, 2**depth, size, kind)
    opaque = np.full(size, 2**depth - 1, kind)
    for plane in (noise, opaque, np.zeros(size, kind), np.where(noise > 9, opaque, 0).astype(kind)):
        payload = encode_alpha(plane, depth)
        assert np.array_equal(decode_alpha(payload, *size, depth), plane)
        rows, columns = slice(size[0] // 2, size[0]), slice(0, (size[1] + 1) // 2)
        part = decode_alpha(payload, *size, depth, (rows, columns))
        assert np.array_equal(part, plane[rows, columns])
    assert len(encode_alpha(opaque, depth)) <= 4  # a byte a block


def test_damaged_alpha_is_refused() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    payload = encode_alpha(plane, 8)
    rng = np.random.default_rng(1)
    for end in range(len(payload)):
        with pytest.raises(CorruptFileError):
            decode_alpha(payload[:end], 20, 30, 8)
    with pytest.raises(CorruptFileError):
        decode_alpha(payload + b"\0", 20, 30, 8)
    with pytest.raises(CorruptFileError, match="wrong size"):
        decode_alpha(payload, 20, 31, 8)
    with pytest.raises(CorruptFileError):
        decode_alpha(b"\x02\x00\x02", 20, 30, 9)  # 512 in 9 bits
    for _ in range(300):  # a CRC stands before this in a file; here only the class of error counts
        damaged = bytearray(payload)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        with contextlib.suppress(CorruptFileError):
            decode_alpha(bytes(damaged), 20, 30, 8)


def test_alpha_must_fit_the_header(codec: Codec, rgb: Image) -> None:
    header, chunks = container.read(codec.encode(rgb))
    alpha = Chunk(ALPHA, encode_alpha(np.zeros((63, 65), np.uint8), 8))
    for bad in (container.write(header, [alpha, *chunks]), _with_channels(header, chunks, 4)):
        with pytest.raises(CorruptFileError, match="alpha"):
            codec.decode(bad)
    with pytest.raises(CorruptFileError, match="2 chunks"):
        codec.decode(_with_channels(header, [alpha, alpha, *chunks], 4))


def _with_channels(header: container.Header, chunks: list[Chunk], channels: int) -> bytes:
    return container.write(replace(header, channels=channels), chunks)


def test_metadata_that_swell_are_refused(codec: Codec, rgb: Image) -> None:
    header, chunks = container.read(codec.encode(rgb))
    bomb = zlib.compress(bytes(2**26 + 1), 9)
    with pytest.raises(LimitError, match="metadata"):
        codec.decode(container.write(header, [Chunk(ICC, bomb, ancillary=True), *chunks]))
    for payload in (b"", b"junk", zlib.compress(b"x")[:-2], zlib.compress(b"x") + b"y"):
        with pytest.raises(CorruptFileError, match="metadata"):
            codec.decode(container.write(header, [Chunk(XMP, payload, ancillary=True), *chunks]))
