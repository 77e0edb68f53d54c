"""From the tiles of a file to the pixels of a picture, or of a part of it, a row of tiles at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.base import Region
from latentpress.codecs.parallel import each
from latentpress.codecs.planes import from_planes
from latentpress.codecs.ports import Points, Port, Tracing, read
from latentpress.codecs.strips import Shown
from latentpress.codecs.tiles import Grid, Tile, common
from latentpress.container import Header
from latentpress.image import Samples
from latentpress.memory import give_back
from latentpress.progress import part, steps

if TYPE_CHECKING:
    from latentpress.codecs.latent import LatentModel, TileSettings, Values

__all__ = ["Decoding"]

Float = NDArray[np.float32]
Sixteenths: TypeAlias = NDArray[np.int16] | NDArray[np.int32]  # of a step: values exactly, in half the memory
Put: TypeAlias = Callable[[Float, int, Tile, int], None]


class Decoding:
    """The decoding of one file. Holds the values of the tiles that the next row of pixels needs, and no more.

    streams: one for each tile of ``grid``. settings: of the whole picture. workers: tiles to work on at a time.
    """

    def __init__(
        self,
        model: LatentModel,
        header: Header,
        grid: Grid,
        streams: list[memoryview],
        settings: TileSettings,
        workers: int,
    ) -> None:
        self.model, self._header, self._grid, self._streams = model, header, grid, streams
        self._settings, self._workers = settings, workers
        self._tiles = grid.tiles
        self._values: dict[int, Sixteenths] = {}
        self.points: Points | None = None  # where digests of the stages go, for those who want them

    def tile(self, number: int) -> Values:
        """What a tile decodes to. Raises CorruptFileError when its stream is damaged."""
        tile = self._tiles[number]
        settings = self._settings.of(tile)
        return read(
            bytes(self._streams[number]),
            lambda port: self.model.code(self.traced(port), self._header.rate, tile.shape, None, settings),
            number,
        )

    def traced(self, port: Port) -> Port:
        """The port, with digests of what passes through it if they are wanted."""
        return port if self.points is None else Tracing(port, self.points)

    def integers(self) -> Iterator[NDArray[np.integer[Any]]]:
        """All integers of the file, tile by tile."""
        for number in range(len(self._tiles)):
            yield from self.tile(number).exact

    def values(self) -> Float:
        """All values (M, h, w), in quantisation steps."""
        whole = Tile(slice(0, self._grid.height), slice(0, self._grid.width))
        self._fetch([whole])
        return self._assembled(whole)

    def prepare(self) -> None:
        """Begin to load the networks that `pixels` runs."""
        self.model.prepare(*self.model.coding)
        if len(self._tiles) == 1:
            self.model.prepare("synthesis")  # whose making leaves the interpreter to that of the others

    def pixels(self, region: Region) -> Samples:
        """The samples (height, width, 1 or 3) of a region that lies in the picture."""
        header, target = self._header, Tile(*region.in_units(self.model.stride))
        shape = (region.height, region.width, 1 if header.channels < 3 else 3)
        pixels: Samples = np.empty(shape, np.uint8) if header.bit_depth == 8 else np.empty(shape, np.uint16)

        def put(planes: Float, top: int, tile: Tile, left: int) -> None:
            """Put what a tile shows in its place: of planes whose first row and column are ``top`` and ``left``."""
            rows = common(_pixels(tile.rows, self.model.stride), region.rows)
            rows = common(rows, slice(top, top + planes.shape[1]))
            columns = common(_pixels(tile.columns, self.model.stride), region.columns)
            if rows.stop > rows.start:
                part = planes[:, _from(rows, top), _from(columns, left)]
                pixels[_from(rows, region.y), _from(columns, region.x)] = from_planes(
                    part, pixels.shape[2], header.bit_depth
                )

        if len(self._tiles) == 1 or not self._show_strips(target, put):
            self._show_tiles(target, put)
        self._values.clear()
        self._tidy()  # whoever writes the picture takes more
        return pixels

    def _show_tiles(self, target: Tile, put: Put) -> None:
        """Show a window for each tile."""

        def show(tile: Tile) -> None:
            window = self._window(tile)
            planes = self.model.synthesis(self._assembled(window), self._header.rate)
            put(planes, window.rows.start * self.model.stride, tile, window.columns.start * self.model.stride)
            self._tidy()

        for row in steps(self._grid.rows, len(self._grid.rows)):
            showing = [tile.cut_to(target) for tile in row if tile.meets(target)]
            with part(0, 0.5):
                self._fetch([self._window(tile) for tile in showing])
            with part(0.5, 1):
                each(show, showing, self._workers)

    def _show_strips(self, target: Tile, put: Put) -> bool:
        """Show strip by strip, while the tiles below are decoded; gives whether the model can."""
        window, waiting = self._window(target), dict[int, Future[Sixteenths]]()
        with ThreadPoolExecutor(self._workers) as pool:

            def fetch(rows: slice) -> None:
                """Have the values of the tiles at some rows, have those below decoded, drop those above."""
                below = Tile(slice(rows.start, min(rows.stop + self._grid.side, window.rows.stop)), window.columns)
                for number, tile in enumerate(self._tiles):
                    if tile.meets(below) and number not in self._values and number not in waiting:
                        waiting[number] = pool.submit(self._decode, number)
                    elif number in self._values and tile.rows.stop <= rows.start:
                        del self._values[number]
                for number in [one for one in waiting if self._tiles[one].meets(Tile(rows, window.columns))]:
                    self._values[number] = waiting.pop(number).result()

            if (transform := self.model.by_strips("synthesis", self._header.rate)) is None:
                return False
            shown = Shown(self.model, *transform, target, window, self._grid.width)
            for rows in steps(shown.strips, len(shown.strips)):
                fetch(rows)
                for planes, top, tile, left in shown.next(rows, self._assembled):
                    put(planes, top, tile, left)
        return True

    def _window(self, tile: Tile) -> Tile:
        """The latents that the pixels of a tile depend on."""
        return tile.grown(self.model.margin, self._grid.height, self._grid.width)

    def _fetch(self, windows: list[Tile]) -> None:
        """Have the values of all tiles that meet one of the windows; drop those of the others."""
        wanted = [n for n, tile in enumerate(self._tiles) if any(tile.meets(window) for window in windows)]
        for number in set(self._values) - set(wanted):
            del self._values[number]
        missing = [number for number in wanted if number not in self._values]
        self._values.update(zip(missing, each(self._decode, missing, self._workers), strict=True))

    def _decode(self, number: int) -> Sixteenths:
        values = self.tile(number).sixteenths
        self._tidy()
        return values.astype(np.int16) if max(values.max(), -values.min()) < 2**15 else values

    def _tidy(self) -> None:
        """After the work on a tile: memory in use should not grow with their number."""
        if len(self._tiles) > 1:
            give_back()

    def _assembled(self, window: Tile) -> Float:
        """The values of a window, put together from those of the tiles that it meets."""
        values = np.empty((self.model.latents, *window.shape), np.float32)
        for number, held in self._values.items():
            tile = self._tiles[number]
            if tile.meets(window):
                shared = tile.cut_to(window)
                values[(slice(None), *shared.within(window))] = held[(slice(None), *shared.within(tile))]
        values *= np.float32(1 / 16)
        return values


def _pixels(latents: slice, stride: int) -> slice:
    return slice(latents.start * stride, latents.stop * stride)


def _from(part: slice, origin: int) -> slice:
    return slice(part.start - origin, part.stop - origin)
