"""Large pictures in tiles: the same picture as in one piece, and any part of it on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs import strips, tiles
from latentpress.codecs.base import Region
from latentpress.codecs.decoding import Decoding
from latentpress.codecs.latent import LatentModel
from latentpress.codecs.planes import to_planes
from latentpress.codecs.tiles import Grid, pack_grid, unpack_grid
from latentpress.container import STREAM, TILES, Chunk, varint
from latentpress.errors import CorruptFileError
from latentpress.image import Image
from latentpress.systems.hyperprior.codec import HyperpriorCodec


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles of 8 latents, 128 pixels, for every picture of more than 4 latents a side."""
    monkeypatch.setattr(tiles, "_SIDE", 8)
    monkeypatch.setattr(tiles, "_WHOLE", 4)
    return


def sides(data: bytes) -> int:
    return sum(chunk.kind == TILES for chunk in container.read(data)[1])


@pytest.mark.parametrize("quality", [5, 50, 95])
def test_pixels_are_those_of_the_values_shown_at_once(
    codec: HyperpriorCodec, photograph: Image, small_tiles: None, quality: float
) -> None:
    """The synthesis in tiles has no seams: within a level of the same values in one piece."""
    data = codec.encode(photograph, quality=quality)
    assert sides(data) == 1
    header, _, decoding = codec.opened(data)
    grid = tiles.grid_of(-(-header.height // 16), -(-header.width // 16))
    values = np.zeros((decoding.model.latents, grid.height, grid.width), np.float32)
    for number, tile in enumerate(grid.tiles):
        values[:, tile.rows, tile.columns] = decoding.tile(number).values
    whole = np.floor(decoding.model.synthesis(values, header.rate) + 0.5).clip(0, 255).transpose(1, 2, 0)
    assert np.abs(codec.decode(data).pixels.astype(int) - whole[: header.height, : header.width]).max() <= 1


def test_latents_are_those_of_the_picture_in_one_piece(
    codec: HyperpriorCodec, photograph: Image, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The analysis in tiles sees all that it would see: the same symbols enter the coder."""
    seen = []
    original = HyperpriorCodec.find
    monkeypatch.setattr(HyperpriorCodec, "find", lambda *args: seen.append(original(*args)) or seen[-1])
    data = HyperpriorCodec(threads=1).encode(photograph, quality=60)
    model, rate = codec.model, container.read_header(data).rate
    whole = model.analysis(to_planes(photograph.pixels, 16), rate)
    grid = tiles.grid_of(*whole.shape[1:])
    assert len(seen) == len(grid.tiles) == 4
    for tile, latents in zip(grid.tiles, seen, strict=True):
        expected = whole[:, tile.rows, tile.columns]
        assert np.abs(latents - expected).max() < 1e-3
        assert np.array_equal(np.round(latents), np.round(expected))


@pytest.mark.parametrize("threads", [1, 3])
def test_regions_are_parts_of_the_whole(photograph: Image, small_tiles: None, threads: int) -> None:
    codec = HyperpriorCodec(threads=threads)
    alpha = np.indices(photograph.pixels.shape[:2]).sum(axis=0).astype(np.uint8)
    image = Image(np.dstack([photograph.pixels, alpha]), metadata=latentpress.Metadata(xmp=b"<x/>"))
    data = codec.encode(image, quality=40)
    whole = codec.decode(data)
    for region in (
        Region(0, 0, 256, 192),
        Region(0, 0, 1, 1),
        Region(255, 191, 1, 1),
        Region(120, 100, 20, 50),
        Region(3, 127, 250, 2),
        Region(130, 0, 7, 192),
    ):
        part = codec.decode_region(data, region)
        expected = whole.pixels[region.rows, region.columns]
        assert part.pixels.shape == expected.shape
        assert np.array_equal(part.pixels[..., 3], expected[..., 3])
        assert np.abs(part.pixels.astype(int) - expected).max() <= 1
        assert part.metadata == whole.metadata
    assert latentpress.decompress(data, (120, 100, 20, 50)).width == 20


def test_very_wide_pictures_are_worked_on_in_columns(
    codec: HyperpriorCodec, photograph: Image, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in strips of one row: within a level of the usual, with the files of the usual read by both."""
    image = Image(np.tile(photograph.pixels, (2, 2, 1))[:-5, :-3])
    data = codec.encode(image, 60)
    usual = codec.decode(data).pixels.astype(int)
    monkeypatch.setattr(strips, "_WIDEST", 9)
    monkeypatch.setattr(strips, "_LATENTS", 1)
    assert np.abs(codec.decode(data).pixels - usual).max() <= 1
    again = codec.encode(image, 60)
    assert abs(len(again) - len(data)) <= 0.002 * len(data)  # a latent in a thousand may round the other way
    assert np.abs(codec.decode(again).pixels.astype(int) - usual).mean() < 0.05


def test_models_without_strips_see_windows(
    photograph: Image, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = HyperpriorCodec(threads=2)
    data = codec.encode(photograph, 60)
    pixels = codec.decode(data).pixels.astype(int)
    monkeypatch.setattr(LatentModel, "by_strips", lambda *_: None)
    assert np.abs(codec.decode(data).pixels - pixels).max() <= 1
    assert np.abs(codec.decode(codec.encode(photograph, 60)).pixels - pixels).mean() < 0.05


def test_a_region_decodes_only_the_tiles_that_it_needs(
    codec: HyperpriorCodec, photograph: Image, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = codec.encode(Image(np.tile(photograph.pixels, (3, 3, 1))), quality=10)  # 48 x 36 latents: 6 x 5 tiles
    decoded = []
    original = Decoding._decode
    monkeypatch.setattr(Decoding, "_decode", lambda self, n: decoded.append(n) or original(self, n))
    codec.decode_region(
        data, Region(3 * 128 + 56, 2 * 128 + 56, 16, 16)
    )  # the middle of a tile: its margin reaches others
    assert 14 + 1 in decoded
    assert len(decoded) <= 9
    decoded.clear()
    codec.decode(data)
    assert sorted(decoded) == list(range(30))  # each once


def test_ordinary_pictures_are_one_tile(codec: HyperpriorCodec, rgb: Image) -> None:
    assert sides(codec.encode(rgb)) == 0
    assert tiles.grid_of(96, 96).side == 0
    assert tiles.grid_of(97, 1).side == 64


def test_each_tile_stands_alone(codec: HyperpriorCodec, photograph: Image, small_tiles: None) -> None:
    """Swapped or damaged tiles with right checksums are noticed, never shown."""
    header, chunks = container.read(codec.encode(photograph, quality=50))
    stream = next(chunk for chunk in chunks if chunk.kind == STREAM)
    grid, parts = unpack_grid(12, 16, chunks, stream.payload)
    swapped = [parts[1], parts[0], *parts[2:]]
    with pytest.raises(CorruptFileError):
        codec.decode(_rebuilt(header, grid, [bytes(part) for part in swapped]))
    broken = [bytes(part) for part in parts]
    broken[2] = broken[2][:10] + bytes([broken[2][10] ^ 1]) + broken[2][11:]
    with pytest.raises(CorruptFileError):
        codec.decode(_rebuilt(header, grid, broken))


def _rebuilt(header: container.Header, grid: Grid, streams: list[bytes]) -> bytes:
    tiles_chunks, payload = pack_grid(grid, streams)
    return container.write(header, [*tiles_chunks, Chunk(STREAM, payload)])


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        varint.encode(0) + b"\0" * 4,
        varint.encode(6) + b"\0" * 6,
        varint.encode(260) + b"\0",
        varint.encode(8) + b"\0" * 3,
        varint.encode(8) + b"\0" * 4,
        varint.encode(8) + b"\1" * 5,
        varint.encode(8) + b"\xff" * 40,
    ],
)
def test_wrong_tile_tables_are_refused(codec: HyperpriorCodec, photograph: Image, payload: bytes) -> None:
    header, chunks = container.read(codec.encode(photograph, quality=5))
    with pytest.raises(CorruptFileError):
        codec.decode(container.write(header, [Chunk(TILES, payload), *chunks]))


def test_a_table_for_a_gigantic_grid_is_refused_before_it_is_made(codec: HyperpriorCodec, rgb: Image) -> None:
    header, chunks = container.read(codec.encode(rgb))
    claims = replace(header, width=2**14, height=2**14)
    with pytest.raises(CorruptFileError, match="missing"):
        codec.decode(container.write(claims, [Chunk(TILES, varint.encode(4) + b"\1" * 8), *chunks]))
    with pytest.raises(CorruptFileError, match="one tile"):
        codec.decode(container.write(claims, chunks))


def test_two_tables_are_refused(codec: HyperpriorCodec, photograph: Image, small_tiles: None) -> None:
    header, chunks = container.read(codec.encode(photograph, quality=5))
    with pytest.raises(CorruptFileError, match="two descriptions"):
        codec.decode(container.write(header, [chunks[0], *chunks]))
