"""The model package of `importance-map` as functions on arrays, and the walk over a tile.

A tile's stream (`latentpress.codecs.ports`): importance map, number of planes of each group of feature maps, bit
planes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.codecs.roi import Roi
from latentpress.codecs.rounding import LengthTable
from latentpress.entropy import TOTAL, ProbabilityTables
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.bitplanes import PlaneCoder
from latentpress.systems.importance_map.coefficients import Coefficients, quantise, shifts_of, tops_of, values_of
from latentpress.systems.importance_map.layout import REFINEMENT_SHAPE, SIGN_LEVELS, SIGNIFICANCE_SHAPE, TOP_LIMIT
from latentpress.systems.importance_map.maps import code_map

__all__ = ["NETWORKS", "ImportanceModel"]

NETWORKS = ("analysis", "importance", "estimate", "context", "synthesis")
"""The graphs of a package. Of these the context is made of integers, exact in every engine."""

_PLANE = 6.0206  # dB: half the step

Float = NDArray[np.float32]


class ImportanceModel(LatentModel):
    """Networks and tables of one package. ``latents`` M: feature maps, the first ``pyramid`` of them through a wavelet;
    ``signed``: how many have predicted signs. ``significance``, ``sign``, ``refinement``: chances of bits to be 1,
    flat; see `layout` for their classes.
    """

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take sizes and tables out of the package; see `PackageModel.read`."""
        super().read(config, tables)
        self.pyramid, self.signed = int(config["pyramid"]), int(config["signed"])
        self.significance = _chances(tables["significance"], SIGNIFICANCE_SHAPE)
        self.sign = _chances(tables["sign"], (SIGN_LEVELS,))
        self.refinement = _chances(tables["refinement"], REFINEMENT_SHAPE)
        self.map_tables = ProbabilityTables(tables["map_counts"], tables["map_radius"])
        self.top_tables = ProbabilityTables(tables["top_counts"], tables["top_radius"])
        self.tops = np.asarray(tables["tops"], np.int32)
        if self.tops.shape[0] != self.anchors:
            raise ValueError("the usual top planes are not those of the anchors")
        self.magnitude_bits = LengthTable(tables["magnitude_bits"])

    def importance(self, latents: Float, rate: int) -> Float:
        """Feature maps (M, h, w), the wavelet done, to the planes to drop (h, w), before rounding."""
        dropped: Float = self.run("importance", latents=latents[None], mix=self.mix(rate))["dropped"][0, 0]
        return dropped

    def estimate(self, values: Float, dropped: NDArray[Any], rate: int) -> Float:
        """Values (M, h, w) in nominal steps to the scale index of each. For the encoder alone."""
        given = dropped.astype(np.float32)[None, None]
        index: Float = self.run("estimate", values=values[None], dropped=given, mix=self.mix(rate))["index"][0]
        return index

    def context(self, rate: int, **known: Float) -> tuple[Float, Float]:
        """Logits of significance (M, h, w) and of a positive sign (signed, h, w), from what is known."""
        out = self.run("context", **{name: value[None] for name, value in known.items()}, mix=self.mix(rate))
        return out["logit"][0], out["sign"][0]

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. The importance map and signed coefficients are what is exact."""
        wanted = None if latents is None else quantise(self, latents, rate, tile.weight, tile.interest)
        return self.code_coefficients(port, rate, shape, wanted)

    def code_coefficients(self, port: Port, rate: int, shape: tuple[int, int], wanted: Coefficients | None) -> Values:
        """The walk over the coefficients of a tile; wanted: None where a decoder does not know them."""
        dropped = code_map(port, None if wanted is None else wanted.dropped, shape, self.map_tables)
        shifts = shifts_of(dropped, self.latents, self.pyramid)
        coder = PlaneCoder(self, rate, dropped, shifts, self._code_tops(port, rate, wanted))
        coder.run(port, wanted)
        signed = coder.magnitude * coder.sign.astype(np.int32)
        return Values(values_of(signed, self.pyramid), (dropped, signed))

    def interest(self, roi: Roi) -> NDArray[np.int8] | None:
        """See `LatentModel.interest`: planes that a place keeps more, one for 6 dB."""
        planes: NDArray[np.int8] = np.floor(roi.decibels(self.stride) / _PLANE + np.float32(0.5)).astype(np.int8)
        return planes

    def _code_tops(self, port: Port, rate: int, wanted: Coefficients | None) -> NDArray[np.int32]:
        """The planes of each group of feature maps (groups,), by their difference from what is usual at the rate."""
        usual = self.tops[self.nearest_anchor(rate)]
        more = None if wanted is None else tops_of(wanted.magnitude, self.pyramid) - usual
        group = np.arange(usual.size, dtype=np.uint8)
        tops: NDArray[np.int32] = usual + port.symbols(more, group, self.top_tables, TOP_LIMIT, "top planes")
        if not 0 <= tops.min() <= tops.max() <= TOP_LIMIT:
            raise CorruptFileError("the symbol stream is damaged: a number of planes is out of range")
        return tops


def _chances(table: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.uint32]:
    """A table of chances of 65536, flat."""
    if table.shape != shape or not 1 <= int(table.min()) <= int(table.max()) < TOTAL:
        raise ValueError("a table of chances has the wrong shape or holds what is no chance")
    return np.ascontiguousarray(table, np.uint32).reshape(-1)
