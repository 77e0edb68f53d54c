"""The order in which a scan visits blocks, and where restart intervals begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.markers import Frame, Scan

__all__ = ["Order", "order_of"]


@dataclass(frozen=True)
class Order:
    """places: for each block in the order of the scan, its number in the planes of all the frame's components one after
    another. turn: number of its component within the scan. pattern: of one unit. units: how many. interval: blocks
    between restarts, all of them without any."""

    places: NDArray[np.int64]
    turn: NDArray[np.int64]
    pattern: tuple[int, ...]
    interval: int

    def first(self, blocks: int) -> Order:
        """Of so many blocks only."""
        return replace(self, places=self.places[:blocks], turn=self.turn[:blocks])

    @property
    def starts(self) -> NDArray[np.int64]:
        """The block that each restart interval begins with."""
        return np.arange(0, self.places.size, self.interval)


def order_of(frame: Frame, scan: Scan) -> Order:
    """The order of a scan's blocks."""
    sizes = [rows * columns for rows, columns in map(frame.blocks, range(len(frame.components)))]
    bases = np.concatenate([[0], np.cumsum(sizes)])
    if len(scan.components) == 1:
        index = scan.components[0]
        rows, columns = frame.own_blocks(index)
        wide = frame.blocks(index)[1]
        places = (bases[index] + np.arange(rows)[:, None] * wide + np.arange(columns)).ravel()
        pattern: tuple[int, ...] = (0,)
    else:
        units, parts = frame.mcus, []
        for index in scan.components:
            part, wide = frame.components[index], frame.blocks(index)[1]
            own = np.arange(part.vertical)[:, None] * wide + np.arange(part.horizontal)
            corner = np.arange(units[0])[:, None] * part.vertical * wide + np.arange(units[1]) * part.horizontal
            parts.append(bases[index] + corner[:, :, None] + own.ravel())
        places = np.concatenate(parts, axis=2).ravel()
        pattern = tuple(np.repeat(np.arange(len(parts)), [part.shape[2] for part in parts]).tolist())
    turn = np.tile(np.array(pattern), places.size // len(pattern))
    return Order(places, turn, pattern, scan.restart * len(pattern) or max(1, places.size))
