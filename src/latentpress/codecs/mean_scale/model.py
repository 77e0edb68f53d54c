"""A model package with hyper latents as functions on arrays, and the walk over its latents.

A tile's stream (`latentpress.codecs.ports`): hyper latents, then two or four passes over the latents, each with
parameters from all that came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.anchor_tables import tables_by_anchor
from latentpress.codecs.latent import LatentModel, TileSettings, Values
from latentpress.codecs.mean_scale.finer import Finer, steps_of
from latentpress.codecs.mean_scale.layout import HYPER_LIMIT, RESIDUAL_LIMIT, context_name
from latentpress.codecs.mean_scale.octets import LEVELS, OCTETS, Known, Octets, with_octets
from latentpress.codecs.mean_scale.parameters import Parameters
from latentpress.codecs.mean_scale.places import CORRECTIONS, ODD, PREDICTED, at_places, corrections_of
from latentpress.codecs.orders import Checkerboard
from latentpress.codecs.ports import Port
from latentpress.codecs.roi import Roi
from latentpress.codecs.rounding import Rounding
from latentpress.entropy import ProbabilityTables
from latentpress.models import ModelPackage

__all__ = ["MeanScaleModel"]

Float = NDArray[np.float32]


class MeanScaleModel(LatentModel):
    """Networks and tables of one package. ``hyper_latents`` Z: channels of hyper latents, of which each place covers
    ``hyper_stride`` (4) latents a side; ``order``: in which latents are coded; ``tables``: of their residuals, one a
    scale index.
    """

    hyper_stride = 4

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take sizes and tables out of the package; see `PackageModel.read`."""
        super().read({"margin": 5} | dict(config), tables)
        self.hyper_latents = int(config["hyper_latents"])
        self.order = Checkerboard(int(config.get("passes", 2)))
        self.tables = ProbabilityTables(tables["counts"], tables["radius"])
        hyper_radius = tables["hyper_radius"].reshape(self.anchors, self.hyper_latents)
        self._hyper = tables_by_anchor(tables["hyper_counts"], hyper_radius)

    def hyper_tables(self, rate: int) -> ProbabilityTables:
        """One table a hyper latent channel, of the anchor nearest to the rate."""
        return self._hyper[self.nearest_anchor(rate)]

    def hyper_of(self, latents: Float) -> Float:
        """Whole hyper latents (Z, h/4, w/4), rounded up in size, of latents (M, h, w)."""
        _, height, width = latents.shape
        step = self.hyper_stride
        padded = np.pad(latents, ((0, 0), (0, -height % step), (0, -width % step)))
        hyper = self.run("hyper_analysis", latents=padded[None])["hyper"][0]
        whole: Float = np.clip(np.floor(hyper + np.float32(0.5)), -HYPER_LIMIT, HYPER_LIMIT)
        return whole

    def first(self, hyper: Float, rate: int, height: int, width: int) -> tuple[NDArray[Any], Parameters]:
        """Hyper latents to features, (1, F, height, width) or as octets (1, height, width, F), and the parameters of
        the first pass.
        """
        out = self.run("hyper_synthesis", hyper=hyper[None], mix=self.mix(rate))
        mean, index = (np.ascontiguousarray(out[name][0, :, :height, :width]) for name in ("mean", "index"))
        octets = out.get(OCTETS)
        features = out["features"][:, :, :height, :width] if octets is None else octets[:, :height, :width]
        return np.ascontiguousarray(features), Parameters(mean, index)

    def floats(self, features: NDArray[Any]) -> Float:
        """Features as the package's own graphs take them, (1, F, height, width)."""
        return features if self._octets is None else self._octets.floats(features)

    def nothing(self, height: int, width: int) -> Known:
        """What is known of a tile before the first pass."""
        levels = None if self._octets is None else self._octets.levels
        return Known(self.order, (self.latents, height, width), levels)

    def later(self, number: int, features: NDArray[Any], known: Known) -> Parameters:
        """Features and the latents of the passes before ``number`` to corrections of the parameters of the pass's
        places, in their order.
        """
        values = known.values
        places = self.order.positions(*values.shape)[number - 1]
        if self._octets is None:
            out = self.run(context_name(number), features=features, values=values[None])
            return Parameters(out["mean"][0], out["index"][0]).at(places)
        given = {OCTETS: features, LEVELS: known.levels[None], "values": values[None]}
        given[ODD] = np.array([side % 2 for side in values.shape[1:]], np.float32)
        out = self.run(context_name(number), **given)
        mean, index = (out[CORRECTIONS].take(at) for at in corrections_of(self.order, *values.shape)[number - 2])
        return Parameters(mean + out[PREDICTED].take(places), index)

    def graph(self, source: ModelPackage, network: str) -> bytes:
        """See `PackageModel.graph`."""
        found = self._octets.graphs.get(network) if self._octets and source is self.package else None
        return found or super().graph(source, network)

    @cached_property
    def _octets(self) -> Octets | None:
        """Networks of which a context computes what its pass codes alone; None if they cannot be had."""
        contexts = {}
        for number in range(2, self.order.passes + 1):
            name = context_name(number)
            graph = at_places(self.package.network(name), self.order, self.latents, number)
            if graph is None:
                return None
            contexts[name] = graph
        return with_octets(self.package.network("hyper_synthesis"), contexts)

    @property
    def coding(self) -> tuple[str, ...]:
        """See `LatentModel.coding`."""
        return ("hyper_synthesis", *map(context_name, range(2, self.order.passes + 1)))

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. Hyper latents and values in sixteenths of a step are what is exact."""
        hyper = self._code_hyper(port, rate, shape, latents)
        features, first = self.first(hyper.astype(np.float32), rate, *shape)
        finer = None if tile.interest is None else Finer(tile.interest)
        if finer is not None and latents is not None:
            latents = finer.latents(latents)
        rounding, known = Rounding(self.tables, tile.weight), self.nothing(*shape)
        for number, places in enumerate(self.order.positions(self.latents, *shape), start=1):
            parameters = first.at(places)
            if number > 1:
                parameters = parameters.plus(self.later(number, features, known))
            here = None if finer is None else finer.at(places)
            if here is not None:
                parameters = here.parameters(parameters)
            mean, index = parameters.mean, parameters.tables(len(self.tables))
            wanted = None if latents is None else rounding.round(latents.take(places) - mean, index)
            value = port.symbols(wanted, index, self.tables, RESIDUAL_LIMIT, "latents").astype(np.float32) + mean
            known.put(number, value if here is None else here.values(value))
        return Values(known.values, (hyper, Values(known.values).sixteenths))

    def interest(self, roi: Roi) -> NDArray[np.int8] | None:
        """See `LatentModel.interest`: steps of the scale grid."""
        return steps_of(roi, self.stride)

    def _code_hyper(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None) -> NDArray[np.int32]:
        size = (self.hyper_latents, *(-(-side // self.hyper_stride) for side in shape))
        channel = np.broadcast_to(np.arange(self.hyper_latents, dtype=np.uint8)[:, None, None], size).ravel()
        wanted = None if latents is None else self.hyper_of(latents).ravel()
        return port.symbols(wanted, channel, self.hyper_tables(rate), HYPER_LIMIT, "hyper latents").reshape(size)
