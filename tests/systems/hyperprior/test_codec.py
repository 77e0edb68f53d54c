"""The flagship codec: round trips, sizes, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs.latent import TileSettings
from latentpress.codecs.ports import Pricing
from latentpress.codecs.rounding import rate_and_weight
from latentpress.container import STREAM, Chunk, Header
from latentpress.errors import CorruptFileError, LimitError, UnsupportedError
from latentpress.image import Image
from latentpress.systems.hyperprior.codec import HyperpriorCodec


def psnr(a: Image, b: Image) -> float:
    error = np.mean((a.pixels.astype(float) - b.pixels) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def test_quality_buys_fidelity_with_bytes(codec: HyperpriorCodec, photograph: Image) -> None:
    files = [codec.encode(photograph, quality=q) for q in (1, 20, 40, 60, 80, 100)]
    sizes = [len(file) for file in files]
    fidelity = [psnr(codec.decode(file), photograph) for file in files]
    assert sizes == sorted(set(sizes))
    assert fidelity == sorted(set(fidelity))
    assert fidelity[-1] > 38
    assert sizes[-1] > 10 * sizes[0]


def test_beats_jpeg_on_a_photograph(codec: HyperpriorCodec, photograph: Image) -> None:
    """Not a benchmark: a network that does its work is far from the line."""
    import io

    data = codec.encode(photograph, quality=45)
    ours = psnr(codec.decode(data), photograph)
    for quality in range(95, 1, -1):
        buffer = io.BytesIO()
        photograph.to_pillow().save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= len(data):
            break
    theirs = psnr(latentpress.read_image(buffer), photograph)
    assert ours > theirs + 1


def test_gray_is_coded_as_gray(codec: HyperpriorCodec, photograph: Image) -> None:
    gray = Image(photograph.pixels[:, :, 1:2].copy())
    restored = codec.decode(codec.encode(gray, quality=70))
    assert restored.mode == "L"
    assert psnr(restored, gray) > 32


@pytest.mark.parametrize("quality", range(0, 101, 10))
def test_file_is_as_long_as_the_model_says(codec: HyperpriorCodec, photograph: Image, quality: int) -> None:
    model = codec.model
    rate, weight = rate_and_weight(quality, model.last_rate)
    port = Pricing()
    model.code_picture(port, photograph.pixels, rate, TileSettings(weight=weight))
    ideal = port.total / 8
    assert ideal <= len(codec.encode(photograph, quality=quality)) <= 1.01 * ideal + 40


@pytest.mark.parametrize("quality", [0, 50, 100])
def test_overhead_of_a_small_picture(codec: HyperpriorCodec, photograph: Image, quality: int) -> None:
    small = Image(photograph.pixels[:64, :64].copy())
    data = codec.encode(small, quality=quality)
    _, chunks = container.read(data)
    stream_words = len(chunks[0].payload) - 4  # without the checksum of the symbols
    assert len(data) - stream_words <= 32


def rewritten(data: bytes, *, payload: bytes | None = None, copies: int = 1, **header: object) -> bytes:
    """The file with another header or stream, its checksums right."""
    old, (chunk, *_) = container.read(data)
    values = {name: getattr(old, name) for name in ("codec", "model", "width", "height", "channels", "rate")}
    stream = Chunk(STREAM, chunk.payload if payload is None else payload)
    return container.write(Header(**(values | header)), [stream] * copies)


def test_files_that_break_the_rules(codec: HyperpriorCodec, rgb: Image) -> None:
    data = codec.encode(rgb, quality=30)
    for bad, error, words in (
        (rewritten(data, model=b"\1" * 8), UnsupportedError, "0101010101010101 is not installed"),
        (rewritten(data, codec=77), UnsupportedError, "codec number 77"),
        (rewritten(data, rate=113), CorruptFileError, "rate index"),
        (rewritten(data, copies=2), CorruptFileError, "one symbol stream"),
        (rewritten(data, payload=b""), CorruptFileError, "too short"),
        (rewritten(data, width=2**13, height=2**14), CorruptFileError, "in one tile"),
        (rewritten(data, width=2**15, height=2**14), LimitError, "pixels"),
    ):
        with pytest.raises(error, match=words):
            codec.decode(bad)
