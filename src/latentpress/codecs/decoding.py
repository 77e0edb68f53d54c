"""From the tiles of a file to the pixels of a picture, or of a part of it, a row of tiles at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.base import Region
from latentpress.codecs.planes import from_planes
from latentpress.codecs.tiles import Grid, Tile, common
from latentpress.container import Header
from latentpress.image import Samples
from latentpress.memory import give_back

__all__ = ["Decoding", "TransformModel"]

Float = NDArray[np.float32]
Sixteenths: TypeAlias = NDArray[np.int16] | NDArray[np.int32]  # of a step: values exactly, in half the memory
Each: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]


class TransformModel(Protocol):
    """What a model says about its synthesis."""

    @property
    def stride(self) -> int:
        """Pixels a latent."""

    @property
    def margin(self) -> int:
        """Latents beyond which a transform sees nothing."""

    @property
    def latents(self) -> int:
        """Latents at a place."""

    def mix(self, rate: int) -> Float:
        """Interpolation weights of a rate index."""

    def synthesis(self, values: Float, mix: Float) -> Float:
        """Values (M, h, w) in quantisation steps to grey levels (1, 3, stride h, stride w)."""


class Decoding:
    """The decoding of one file. Holds the values of the tiles that the next row of pixels needs, and no more.

    streams: one for each tile of ``grid``. each: applies a function to items, in order, side by side or not. read:
    gives the values (M, h, w) of a tile, whole sixteenths of quantisation steps, from its stream, height, width and
    number.
    """

    def __init__(
        self,
        model: TransformModel,
        header: Header,
        grid: Grid,
        streams: list[memoryview],
        each: Each,
        read: Callable[[bytes, int, int, int], Float],
    ) -> None:
        self._model, self._header, self._grid, self._streams, self._each = model, header, grid, streams, each
        self._read = read
        self._tiles = grid.tiles
        self._values: dict[int, Sixteenths] = {}

    def values(self) -> Float:
        """All values (M, h, w), in quantisation steps."""
        whole = Tile(slice(0, self._grid.height), slice(0, self._grid.width))
        self._fetch([whole])
        return self._assembled(whole)

    def pixels(self, region: Region) -> Samples:
        """The samples (height, width, 1 or 3) of a region that lies in the picture."""
        header, target = self._header, Tile(*region.in_units(self._model.stride))
        shape = (region.height, region.width, 1 if header.channels < 3 else 3)
        pixels: Samples = np.empty(shape, np.uint8) if header.bit_depth == 8 else np.empty(shape, np.uint16)

        def show(tile: Tile) -> None:
            """Put the pixels of a tile in their place."""
            window = self._window(tile)
            planes = self._model.synthesis(self._assembled(window), self._model.mix(header.rate))[0]
            top, left = window.rows.start * self._model.stride, window.columns.start * self._model.stride
            rows = common(_pixels(tile.rows, self._model.stride), region.rows)
            columns = common(_pixels(tile.columns, self._model.stride), region.columns)
            part = planes[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
            pixels[_from(rows, region.y), _from(columns, region.x)] = from_planes(
                part, pixels.shape[2], header.bit_depth
            )
            self._tidy()

        for row in self._grid.rows:
            showing = [tile.cut_to(target) for tile in row if tile.meets(target)]
            self._fetch([self._window(tile) for tile in showing])
            self._each(show, showing)
        self._values.clear()
        return pixels

    def _window(self, tile: Tile) -> Tile:
        """The latents that the pixels of a tile depend on."""
        return tile.grown(self._model.margin, self._grid.height, self._grid.width)

    def _fetch(self, windows: list[Tile]) -> None:
        """Have the values of all tiles that meet one of the windows; drop those of the others."""
        wanted = [n for n, tile in enumerate(self._tiles) if any(tile.meets(window) for window in windows)]
        for number in set(self._values) - set(wanted):
            del self._values[number]
        missing = [number for number in wanted if number not in self._values]
        self._values.update(zip(missing, self._each(self._decode, missing), strict=True))

    def _decode(self, number: int) -> Sixteenths:
        height, width = self._tiles[number].shape
        stream = bytes(self._streams[number])
        values = self._read(stream, height, width, number)
        values *= np.float32(16)
        self._tidy()
        if max(values.max(), -values.min()) < 2**15:
            return values.astype(np.int16)
        return values.astype(np.int32)

    def _tidy(self) -> None:
        """After the work on a tile: memory in use should not grow with their number."""
        if len(self._tiles) > 1:
            give_back()

    def _assembled(self, window: Tile) -> Float:
        """The values of a window, put together from those of the tiles that it meets."""
        values = np.empty((self._model.latents, *window.shape), np.float32)
        for number, part in self._values.items():
            tile = self._tiles[number]
            if tile.meets(window):
                shared = tile.cut_to(window)
                values[(slice(None), *shared.within(window))] = part[(slice(None), *shared.within(tile))]
        values *= np.float32(1 / 16)
        return values


def _pixels(latents: slice, stride: int) -> slice:
    return slice(latents.start * stride, latents.stop * stride)


def _from(part: slice, origin: int) -> slice:
    return slice(part.start - origin, part.stop - origin)
