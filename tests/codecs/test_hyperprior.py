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
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, LimitError, UnsupportedError
from latentpress.image import Image
from latentpress.systems.hyperprior.codec import HyperpriorCodec


def psnr(a: Image, b: Image) -> float:
    error = np.mean((a.pixels.astype(float) - b.pixels) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def test_every_size_and_both_modes_come_back(codec: HyperpriorCodec, any_picture: Image) -> None:
    restored = codec.decode(codec.encode(any_picture, quality=90))
    assert restored.pixels.shape == any_picture.pixels.shape
    assert psnr(restored, any_picture) > 25


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


def test_chunks_of_other_codecs_are_refused(codec: HyperpriorCodec, photograph: Image) -> None:
    """A critical chunk that is passed over would show another picture than was meant."""
    header, chunks = container.read(codec.encode(Image(photograph.pixels[:32, :32].copy()), 50))
    with pytest.raises(CorruptFileError, match="no chunk of kind 7"):
        codec.decode(container.write(header, [Chunk(container.MOSAIC, b"\0"), *chunks]))


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


def test_noise_and_constants(codec: HyperpriorCodec) -> None:
    rng = np.random.default_rng(0)
    noise = Image(rng.integers(0, 256, (70, 90, 3), dtype=np.uint8))
    assert codec.decode(codec.encode(noise, quality=100)).pixels.shape == noise.pixels.shape
    for value in (0, 255):
        flat = Image(np.full((40, 40, 3), value, np.uint8))
        data = codec.encode(flat, quality=50)
        assert np.abs(codec.decode(data).pixels.astype(int) - value).mean() < 4


def test_same_file_every_time(codec: HyperpriorCodec, rgb: Image) -> None:
    assert codec.encode(rgb, quality=40) == codec.encode(rgb, quality=40) == HyperpriorCodec(threads=1).encode(rgb, 40)


@pytest.mark.parametrize("quality", [-1, 100.5, float("nan"), True, "50", None])
def test_bad_quality(codec: HyperpriorCodec, rgb: Image, quality: object) -> None:
    with pytest.raises(InvalidInputError, match="quality"):
        codec.encode(rgb, quality=quality)  # type: ignore[arg-type]


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


def test_right_checksum_wrong_content_never_gives_a_picture(codec: HyperpriorCodec, rgb: Image) -> None:
    data = codec.encode(rgb, quality=30)
    payload = container.read(data)[1][0].payload
    rng = np.random.default_rng(0)
    for trial in range(60):
        changed = bytearray(payload)
        for _ in range(1 + trial % 3):
            changed[rng.integers(len(changed))] ^= 1 << rng.integers(8)
        cut = bytes(changed)[: len(changed) - trial % 5]
        if cut == payload:
            continue
        with pytest.raises(LatentPressError):
            codec.decode(rewritten(data, payload=cut))
    for other in ({"rate": 12}, {"width": 40}, {"height": 300}):
        with pytest.raises(CorruptFileError):
            codec.decode(rewritten(data, **other))


def test_damage_anywhere_is_noticed(codec: HyperpriorCodec, rgb: Image) -> None:
    data = codec.encode(rgb, quality=10)
    for end in range(len(data)):
        with pytest.raises(LatentPressError):
            latentpress.decompress(data[:end])
    rng = np.random.default_rng(1)
    for _ in range(2000):
        damaged = bytearray(data)
        position = int(rng.integers(len(data)))
        damaged[position] ^= int(rng.integers(1, 256))
        with pytest.raises(LatentPressError):
            latentpress.decompress(bytes(damaged))


def test_bomb_header_is_refused(codec: HyperpriorCodec, rgb: Image) -> None:
    data = codec.encode(rgb, quality=10)
    with pytest.raises(LimitError, match="1000000000 x 1000000000"):
        latentpress.decompress(rewritten(data, width=10**9, height=10**9))
