"""A masked two-dimensional context in waves over the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Positions, Waves
from latentpress.codecs.ports import Port
from latentpress.systems.entropy_models.layout import companded, neighbours_2d
from latentpress.systems.entropy_models.walks.base import Ints, gathered, passes_over
from latentpress.systems.entropy_models.walks.hyper import HyperWalk

__all__ = ["RasterWalk"]


class RasterWalk(HyperWalk):
    """Hyper latents and all latents before a place, in a window around it (Minnen et al. 2018, arXiv 1809.02736). What
    a wave codes lies so that each place has all of its window behind it: the order of a raster scan, in fewer steps.
    """

    networks: ClassVar[tuple[str, ...]] = ("hyper_synthesis", "context")

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `Walk.read`."""
        super().read(config, tables)
        self.reach = int(config["reach"])

    def passes(self, height: int, width: int) -> int:
        """See `Walk.passes`."""
        return len(self._waves(height, width))

    def _waves(self, height: int, width: int) -> list[Positions]:
        return passes_over(Waves(self.reach + 1), 1, height, width)

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        m, reach, wide = self.latents, self.reach, shape[1] + 2 * self.reach
        features, mean, index = (a.reshape(len(a), -1) for a in self.hyper(port, rate, shape, wanted))
        wanted = None if wanted is None else wanted.reshape(m, -1)
        known = np.zeros((2 * m, shape[0] + reach, wide), np.float32)  # companded, and as they are
        flat = known.reshape(2 * m, -1)
        symbols = np.zeros((m, shape[0] * shape[1]), np.int32)
        offsets = np.array([row * wide + column for row, column in neighbours_2d(reach)])[:, None]
        for places in self._waves(*shape):
            here = places + places // shape[1] * (2 * reach) + reach * wide + reach
            around = gathered(flat, here + offsets).reshape(1, -1, len(places), 1)
            shifts = self.run("context", features=features[None, :, places, None], around=around)
            apart = [shift.reshape(-1, m, len(places)) for shift in shifts]  # by component
            apart[:2] = [one[:, places] + shift for one, shift in zip((mean, index), apart[:2], strict=True)]
            told = (one.reshape(len(one), -1) for one in apart)
            coded = self.coder(port, None if wanted is None else wanted[:, places].ravel(), *told)
            symbols[:, places] = coded = coded.reshape(m, -1)
            flat[:, here] = np.concatenate([companded(coded), coded.astype(np.float32)])
        return symbols.reshape(m, *shape)
