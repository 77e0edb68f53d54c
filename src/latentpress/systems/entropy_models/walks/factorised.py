"""A distribution for each channel and rate, and nothing else (Balle et al. 2017, arXiv 1611.01704)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.anchor_tables import tables_by_anchor
from latentpress.codecs.ports import Port
from latentpress.systems.entropy_models.layout import LIMIT
from latentpress.systems.entropy_models.walks.base import Ints, Walk

__all__ = ["FactorisedWalk"]


class FactorisedWalk(Walk):
    """All latents at once, each with the table of its channel at the nearest anchor of the rate."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `Walk.read`."""
        self.tables = tables_by_anchor(tables["counts"], tables["radius"].reshape(self.model.anchors, self.latents))

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        tables = self.tables[self.model.nearest_anchor(rate)]
        index = np.repeat(np.arange(self.latents, dtype=np.uint8), shape[0] * shape[1])
        flat = None if wanted is None else wanted.ravel()
        return port.symbols(flat, index, tables, LIMIT, "latents").reshape(self.latents, *shape)
