"""Cutting a picture's latents into tiles that are coded, and decoded, each on its own.

A tile's symbols depend on nothing outside it, so any part of a picture can be decoded without the rest and tiles can be
worked on in parallel. The transforms, which only make or show the latents, know no tiles: they go down the picture in
strips (`strips`), or look beyond a tile by a margin in which all they can see lies. There is no seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentpress.container import TILES, Chunk, varint
from latentpress.errors import CorruptFileError

__all__ = ["Grid", "Tile", "choose_side", "common", "grid_of", "pack_grid", "unpack_grid"]

_SIDE = 64
"""Latents along a tile: 1024 pixels. The rate that is lost at the borders is a few tenths of a per cent."""

_WHOLE = 96
"""A picture with no side longer than this is one tile."""

_STRIDE = 16
"""Pixels of the latents that these sides are in; of larger latents fewer make a tile."""

_LARGEST = 2**16
"""Latents of a tile that a file may have (16.8 megapixels), so that memory is bounded whatever it claims."""


@dataclass(frozen=True)
class Tile:
    """A rectangle of latents: ``rows`` and ``columns`` with whole-number ends."""

    rows: slice
    columns: slice

    def grown(self, margin: int, height: int, width: int) -> Tile:
        """The tile with ``margin`` more latents on each side, as far as the picture goes."""
        return Tile(_grown(self.rows, margin, height), _grown(self.columns, margin, width))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def meets(self, other: Tile) -> bool:
        """Whether the two share a latent."""
        return min(self.cut_to(other).shape) > 0

    def cut_to(self, other: Tile) -> Tile:
        """What the two share; of negative height or width if that is nothing."""
        return Tile(common(self.rows, other.rows), common(self.columns, other.columns))

    def within(self, window: Tile) -> tuple[slice, slice]:
        """Rows and columns of the tile in an array that holds the window."""
        rows, columns = window.rows.start, window.columns.start
        return (
            slice(self.rows.start - rows, self.rows.stop - rows),
            slice(self.columns.start - columns, self.columns.stop - columns),
        )


@dataclass(frozen=True)
class Grid:
    """Tiles of a picture of height x width latents, row by row. ``side``: latents along a tile; 0 for one tile."""

    height: int
    width: int
    side: int

    @property
    def rows(self) -> list[list[Tile]]:
        """The tiles, a list for each row of them."""
        down, across = (_cuts(length, self.side) for length in (self.height, self.width))
        return [[Tile(rows, columns) for columns in across] for rows in down]

    @property
    def tiles(self) -> list[Tile]:
        """All tiles in the order of the file."""
        return [tile for row in self.rows for tile in row]


def choose_side(height: int, width: int, stride: int = _STRIDE) -> int:
    """Side of the tiles that the encoder uses for a picture of so many latents, each of ``stride`` pixels."""
    return 0 if max(height, width) * stride <= _WHOLE * _STRIDE else max(4, _SIDE * _STRIDE // stride)


def grid_of(height: int, width: int, stride: int = _STRIDE) -> Grid:
    """The grid that the encoder uses."""
    return Grid(height, width, choose_side(height, width, stride))


def pack_grid(grid: Grid, streams: Sequence[bytes]) -> tuple[list[Chunk], bytes]:
    """The chunk that tells of the grid, if there is more than one tile, and the payload of the symbol stream."""
    if not grid.side:
        return [], streams[0]
    lengths = b"".join(varint.encode(len(stream)) for stream in streams)
    return [Chunk(TILES, varint.encode(grid.side) + lengths)], b"".join(streams)


def unpack_grid(
    height: int, width: int, chunks: Sequence[Chunk], payload: bytes, largest: int = _LARGEST
) -> tuple[Grid, list[memoryview]]:
    """The grid of a file and the stream of each tile. ``largest``: latents that a tile may have.

    Raises CorruptFileError when they do not fit each other or the picture.
    """
    found = [chunk.payload for chunk in chunks if chunk.kind == TILES]
    if not found:
        if height * width > largest:
            raise CorruptFileError(f"the file breaks the format: {width} x {height} latents in one tile")
        return Grid(height, width, 0), [memoryview(payload)]
    if len(found) > 1:
        raise CorruptFileError("the file breaks the format: two descriptions of its tiles")
    view, stream = memoryview(found[0]), memoryview(payload)
    side, position = varint.decode(view, 0)
    if side < 4 or side % 4 or side * side > largest:
        raise CorruptFileError(f"the file is damaged: tiles of {side} latents")
    count = -(-height // side) * -(-width // side)
    if count > len(view):  # each length takes a byte: checked before a list of that many is made
        raise CorruptFileError("the file is damaged: lengths of tiles are missing")
    streams, start = [], 0
    for _ in range(count):
        length, position = varint.decode(view, position)
        streams.append(stream[start : start + length])
        start += length
    if position != len(view) or start != len(stream):
        raise CorruptFileError("the file is damaged: its tiles do not fill the symbol stream")
    return Grid(height, width, side), streams


def _cuts(length: int, side: int) -> list[slice]:
    if not side:
        return [slice(0, length)]
    return [slice(start, min(start + side, length)) for start in range(0, length, side)]


def _grown(part: slice, margin: int, length: int) -> slice:
    return slice(max(part.start - margin, 0), min(part.stop + margin, length))


def common(one: slice, other: slice) -> slice:
    """What two ranges share."""
    return slice(max(one.start, other.start), min(one.stop, other.stop))
