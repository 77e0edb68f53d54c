"""Transforms of large pictures strip by strip: latents of tiles as the encoder asks for them, pixels as the decoder
goes down.

A strip is as wide as the picture and a few latents high, and no row is computed twice (`latentpress.engine.strips`), so
that what comes out is what the network makes of the whole picture. Very wide pictures are worked on in columns, each
with the model's margin, a strip of each in turn.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.planes import to_planes
from latentpress.codecs.tiles import Grid, Tile
from latentpress.engine import Network
from latentpress.engine.strips import END, Strips
from latentpress.image import Samples

if TYPE_CHECKING:
    from latentpress.codecs.latent import LatentModel

__all__ = ["Analysed", "Shown"]

_LATENTS = 1024  # of a strip: enough for two threads, and few enough to stay in the processor's cache
_WIDEST = 320  # latents of a column

Float = NDArray[np.float32]


@dataclass(frozen=True)
class _Column:
    """Columns of latents that are worked on together: those that are wanted, and those with the margin around."""

    wanted: slice
    seen: slice

    @property
    def width(self) -> int:
        return int(self.seen.stop - self.seen.start)


class _InStrips:
    """A transform at work on a part of a picture, strip by strip. unit: rows of its input for each row of latents."""

    def __init__(
        self, model: LatentModel, strips: Strips, network: Network, rows: slice, columns: slice, width: int, unit: int
    ) -> None:
        self._model, self._strips, self._network = model, strips, network
        count = -(-(columns.stop - columns.start) // _WIDEST)
        cuts = [columns.start + (columns.stop - columns.start) * number // count for number in range(count + 1)]
        self.columns = [
            _Column(slice(start, stop), slice(max(start - model.margin, 0), min(stop + model.margin, width)))
            for start, stop in itertools.pairwise(cuts)
        ]
        self._kept = [strips.before(column.width * unit) for column in self.columns]
        height = max(1, _LATENTS // max(column.width for column in self.columns))
        first = max(height, -(-strips.least // unit))
        tops = [rows.start, *range(rows.start + first, rows.stop, height), rows.stop]
        self.strips = [slice(start, stop) for start, stop in itertools.pairwise(tops)]
        self.done = [int(rows.start * unit * strips.ratio)] * count  # rows of the output

    def next(self, number: int, rows: Float, last: bool) -> tuple[Float, int]:
        """The next rows (C, height, width) of a column, the ``last`` ones or not, to those of the output that are
        finished, and where they begin.
        """
        inputs = {self._strips.input: rows[None], END: np.array([last], np.float32), **self._kept[number]}
        with self._model.turn:
            found = self._network(**inputs)
        self._kept[number] = {one.input: found[one.output] for one in self._strips.kept}
        output, top = found[self._strips.output][0], self.done[number]
        self.done[number] += output.shape[1]
        return output, top


class Shown:
    """The pixels of a part of a picture, found strip by strip. target: the latents that are shown; window: those with
    the margin around, of a picture of so many columns. strips: rows of latents, for one call of `next` each.
    """

    def __init__(
        self, model: LatentModel, strips: Strips, network: Network, target: Tile, window: Tile, width: int
    ) -> None:
        self._work = _InStrips(model, strips, network, window.rows, target.columns, width, 1)
        self._target, self._window, self._stride = target, window, model.stride
        self.strips = self._work.strips

    def next(self, rows: slice, values: Callable[[Tile], Float]) -> Iterator[tuple[Float, int, Tile, int]]:
        """Grey levels (3, height, width) that come of the next ``rows`` of latents, whose ``values`` in a window are
        given: with the place of the first, and the latents of which they show what lies there.
        """
        for number, column in enumerate(self._work.columns):
            planes, top = self._work.next(number, values(Tile(rows, column.seen)), rows.stop == self._window.rows.stop)
            yield planes, top, Tile(self._target.rows, column.wanted), column.seen.start * self._stride


class Analysed:
    """The latents of a picture's tiles, found strip by strip when they are asked for.

    colour (H, W, 1 or 3): samples 0..peak. Threads may ask at a time: while one finds, the others wait or code.
    """

    def __init__(
        self, model: LatentModel, strips: Strips, network: Network, colour: Samples, peak: int, grid: Grid
    ) -> None:
        self._colour, self._peak, self._grid = colour, peak, grid
        self._latents, self._stride = model.latents, model.stride
        everything = slice(0, grid.height), slice(0, grid.width)
        self._work = _InStrips(model, strips, network, *everything, grid.width, model.stride)
        self._strips = iter(self._work.strips)
        self._found: dict[int, Float] = {}
        self._lock = threading.Lock()

    def take(self, number: int) -> Float:
        """The latents (M, h, w) of a tile; once."""
        with self._lock:
            while min(self._work.done) < self._grid.tiles[number].rows.stop:
                self._go_on(next(self._strips))
            return self._found.pop(number)

    def _go_on(self, rows: slice) -> None:
        for number, column in enumerate(self._work.columns):
            seen = self._colour[_pixels(rows, self._stride), _pixels(column.seen, self._stride)]
            planes = to_planes(seen, self._stride, self._peak)[0]
            latents, top = self._work.next(number, planes, rows.stop == self._grid.height)
            window = Tile(slice(top, top + latents.shape[1]), column.seen)
            self._put(latents, window, Tile(window.rows, column.wanted))

    def _put(self, latents: Float, window: Tile, wanted: Tile) -> None:
        """Latents of a window, those that are wanted, into the tiles that they belong to."""
        for number, tile in enumerate(self._grid.tiles):
            if tile.meets(wanted):
                if number not in self._found:
                    self._found[number] = np.empty((self._latents, *tile.shape), np.float32)
                shared = tile.cut_to(wanted)
                place, source = shared.within(tile), shared.within(window)
                self._found[number][(slice(None), *place)] = latents[(slice(None), *source)]


def _pixels(latents: slice, stride: int) -> slice:
    return slice(latents.start * stride, latents.stop * stride)
