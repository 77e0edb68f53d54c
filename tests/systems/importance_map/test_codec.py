"""Files of the shipped model: round trips, exactness, tiles, damage, importance that varies."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs import tiles
from latentpress.codecs.base import Region
from latentpress.codecs.targets import psnr_of
from latentpress.container import INTEREST, STREAM, TILES, Chunk
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, UnsupportedError
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


@pytest.mark.parametrize(
    "other", [{"threads": 2}, {"engine": "torch"}, {"engine": "torch", "dtype": "float64"}], ids=str
)
@pytest.mark.parametrize("quality", [0, 50, 100])
def test_every_engine_reads_the_same(
    importance: ImportanceCodec, crop: Image, other: dict[str, object], quality: float
) -> None:
    if "engine" in other:
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
    data = importance.encode(crop, quality)
    second = ImportanceCodec(**other)  # type: ignore[arg-type]
    assert importance.exact(data) == second.exact(data)
    assert np.abs(importance.decode(data).pixels.astype(int) - second.decode(data).pixels).max() <= 1
    written = second.encode(crop, quality)
    assert importance.decode(written).width == crop.width


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of 4 latents, 64 pixels."""
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)


def test_tiles_have_no_seams(importance: ImportanceCodec, crop: Image, small_tiles: None) -> None:
    data = importance.encode(crop, 60)
    assert sum(chunk.kind == TILES for chunk in container.read(data)[1]) == 1
    whole = importance.decode(data)
    assert psnr_of(crop, whole) > 30
    for region in (Region(0, 0, 1, 1), Region(60, 50, 20, 70), Region(3, 127, 150, 1)):
        part = importance.decode_region(data, region)
        assert np.abs(part.pixels.astype(int) - whole.pixels[region.rows, region.columns]).max() <= 1


def test_damage_is_noticed(importance: ImportanceCodec, crop: Image) -> None:
    """Right checksums of chunks around streams of any kind."""
    header, chunks = container.read(importance.encode(Image(crop.pixels[:48, :48].copy()), 40))
    stream = next(chunk.payload for chunk in chunks if chunk.kind == STREAM)
    rng = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(stream)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        with pytest.raises(CorruptFileError):
            importance.decode(container.write(header, [Chunk(STREAM, bytes(damaged))]))
    for payload in (b"", stream[:3], stream[:-9], stream + b"\1" * 12, rng.bytes(300)):
        with pytest.raises(CorruptFileError):
            importance.decode(container.write(header, [Chunk(STREAM, payload)]))
    for head in (replace(header, rate=400), replace(header, width=16000, height=16000)):
        with pytest.raises(CorruptFileError):
            importance.decode(container.write(head, chunks))
    with pytest.raises(CorruptFileError, match="no chunk of kind 8"):
        importance.decode(container.write(header, [Chunk(INTEREST, b"x"), *chunks]))
    with pytest.raises(UnsupportedError):
        importance.decode(container.write(replace(header, codec=1), chunks))
    with pytest.raises(UnsupportedError, match="not installed"):
        importance.decode(container.write(replace(header, model=b"12345678"), chunks))
    for end in range(0, 60, 7):
        with pytest.raises(LatentPressError):
            latentpress.decompress(container.write(header, chunks)[:end])


def test_noise_as_a_stream_ends_soon(importance: ImportanceCodec) -> None:
    """Whatever the bytes say, nothing but the package's own errors comes of them."""
    header, _ = container.read(importance.encode(Image(np.zeros((16, 16, 3), np.uint8))))
    rng = np.random.default_rng(1)
    for size in range(0, 200, 10):
        with contextlib.suppress(CorruptFileError):
            importance.decode(container.write(header, [Chunk(STREAM, rng.bytes(size))]))


def test_settings(importance: ImportanceCodec) -> None:
    assert ImportanceCodec.from_config(importance.config()) == importance
    with pytest.raises(InvalidInputError):
        importance.encode(Image(np.zeros((4, 4, 3), np.uint8)), 101)
    assert "importance-map-1" in ImportanceCodec.models()
