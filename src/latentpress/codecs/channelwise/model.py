"""What such a codec reads of a package, and how a latent finds its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.anchor_tables import tables_by_anchor
from latentpress.codecs.channelwise.layout import LIMIT, ROUNDING
from latentpress.codecs.latent import LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.codecs.rounding import Rounding

__all__ = ["ChannelwiseModel"]


class ChannelwiseModel(LatentModel):
    """``tables``: for each anchor of the rate; in each, table 0 for nothing and one a channel of latents from 1 on."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self.tables = tables_by_anchor(tables["counts"], tables["radius"].reshape(self.anchors, 1 + self.latents))

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Any, tile: TileSettings) -> Values:
        """All in one pass, channel by channel, with the tables of the nearest anchor; see `LatentModel.code`."""
        tables = self.tables[self.nearest_anchor(rate)]
        index = np.repeat(np.arange(1, 1 + self.latents, dtype=np.uint8), shape[0] * shape[1])
        wanted = None if latents is None else Rounding(tables, ROUNDING * tile.weight).round(latents.ravel(), index)
        symbols = port.symbols(wanted, index, tables, LIMIT, "latents").reshape(self.latents, *shape)
        return Values(symbols.astype(np.float32), (symbols,))
