"""Many learned priors, one of them named for each place (Brummer and De Vleeschouwer 2021, arXiv 2111.09172)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import Port
from latentpress.codecs.scales import SCALE_COUNT, tables_of
from latentpress.entropy import ProbabilityTables
from latentpress.errors import CorruptFileError
from latentpress.systems.entropy_models.coding import LogisticCoder
from latentpress.systems.entropy_models.layout import FRACTIONS
from latentpress.systems.entropy_models.walks.base import Float, Ints, Walk

__all__ = ["MAP_LIMIT", "PriorsWalk"]

MAP_LIMIT = 32
"""Priors are named by their number less this."""

_LEVELS = 64  # magnitudes whose lengths the encoder tells apart when it chooses


class PriorsWalk(Walk):
    """The map of priors, row by row, each with the table of the prior above it; then all latents at once, with the
    scales of their places' priors.
    """

    networks: ClassVar[tuple[str, ...]] = ("base",)
    coder: LogisticCoder

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `Walk.read`."""
        self.coder = LogisticCoder(tables)
        # scale indices (priors, M) beside those of the rate
        self.priors: Float = tables["priors"].astype(np.float32) / np.float32(16)
        self.maps = ProbabilityTables(tables["map_counts"], tables["map_radius"])
        if self.priors.shape[1] != self.latents or len(self.priors) > 2 * MAP_LIMIT:
            raise ValueError(f"priors of shape {self.priors.shape}")

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        scales: Float = self.priors + self.base(rate)
        chosen = None if wanted is None else self._best(scales, wanted.reshape(self.latents, -1)).reshape(shape)
        above = np.full(shape[1], len(self.priors))
        named = np.zeros(shape, np.int32)
        for row in range(shape[0]):
            told = None if chosen is None else chosen[row] - MAP_LIMIT
            above = port.symbols(told, above.astype(np.uint8), self.maps, MAP_LIMIT, "map") + MAP_LIMIT
            if above.size and above.max() >= len(self.priors):
                raise CorruptFileError("the symbol stream is damaged: it names a prior that there is not")
            named[row] = above
        index: Float = np.ascontiguousarray(scales[named.ravel()].T).reshape(1, -1)
        flat = None if wanted is None else wanted.ravel()
        return self.coder(port, flat, np.zeros_like(index), index).reshape(self.latents, *shape)

    def _best(self, scales: Float, wanted: Ints) -> Ints:
        """The prior (n,) with which the latents (M, n) of each place, and its own name, take the fewest bits."""
        level, row = np.meshgrid(np.arange(_LEVELS), np.arange(SCALE_COUNT))
        table = np.where(row < 32, row * FRACTIONS, row + 32 * (FRACTIONS - 1))
        bits = self.coder.tables.bits(level.ravel(), table.ravel().astype(np.uint8)).astype(np.float32)
        sizes = np.minimum(np.abs(wanted), _LEVELS - 1)
        names = np.arange(len(self.priors))
        cost = self.maps.bits(names - MAP_LIMIT, np.full(len(names), len(self.priors), np.uint8))[:, None] + np.stack(
            [bits[sizes + _LEVELS * rows[:, None]].sum(axis=0) for rows in tables_of(scales).astype(np.intp)]
        )
        best: Ints = cost.argmin(axis=0).astype(np.int32)
        return best
