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

    def first(self, hyper: Float, rate: int, height: int, width: int) -> tuple[Float, Parameters]:
        """Hyper latents to features (1, F, height, width) and the parameters of the first pass."""
        out = self.run("hyper_synthesis", hyper=hyper[None], mix=self.mix(rate))
        out = {name: np.ascontiguousarray(value[:, :, :height, :width]) for name, value in out.items()}
        return out["features"], Parameters(out["mean"][0], out["index"][0])

    def later(self, number: int, features: Float, values: Float) -> Parameters:
        """Features and the values of the passes before ``number`` (M, h, w), zero elsewhere, to corrections of the
        parameters of the pass's places, in their order.
        """
        places = self.order.positions(*values.shape)[number - 1]
        if self._contexts[number] is None:
            out = self.run(context_name(number), features=features, values=values[None])
            return Parameters(out["mean"][0], out["index"][0]).at(places)
        odd = np.array([side % 2 for side in values.shape[1:]], np.float32)
        out = self.run(context_name(number), features=features, values=values[None], **{ODD: odd})
        mean, index = (out[CORRECTIONS].take(at) for at in corrections_of(self.order, *values.shape)[number - 2])
        return Parameters(mean + out[PREDICTED].take(places), index)

    def graph(self, source: ModelPackage, network: str) -> bytes:
        """See `PackageModel.graph`."""
        found = {context_name(number): graph for number, graph in self._contexts.items()}.get(network)
        return found or super().graph(source, network)

    @cached_property
    def _contexts(self) -> dict[int, bytes | None]:
        """The context network of each pass, from 2 on, that computes what the pass codes alone; None if that cannot
        be had.
        """
        numbers = range(2, self.order.passes + 1)
        graphs = {number: self.package.network(context_name(number)) for number in numbers}
        return {number: at_places(graph, self.order, self.latents, number) for number, graph in graphs.items()}

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
        rounding, values = Rounding(self.tables, tile.weight), np.zeros((self.latents, *shape), np.float32)
        for number, places in enumerate(self.order.positions(*values.shape), start=1):
            parameters = first.at(places)
            if number > 1:
                parameters = parameters.plus(self.later(number, features, values))
            here = None if finer is None else finer.at(places)
            if here is not None:
                parameters = here.parameters(parameters)
            mean, index = parameters.mean, parameters.tables(len(self.tables))
            wanted = None if latents is None else rounding.round(latents.take(places) - mean, index)
            value = port.symbols(wanted, index, self.tables, RESIDUAL_LIMIT, "latents").astype(np.float32) + mean
            values.reshape(-1)[places] = value if here is None else here.values(value)
        return Values(values, (hyper, Values(values).sixteenths))

    def interest(self, roi: Roi) -> NDArray[np.int8] | None:
        """See `LatentModel.interest`: steps of the scale grid."""
        return steps_of(roi, self.stride)

    def _code_hyper(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None) -> NDArray[np.int32]:
        size = (self.hyper_latents, *(-(-side // self.hyper_stride) for side in shape))
        channel = np.broadcast_to(np.arange(self.hyper_latents, dtype=np.uint8)[:, None, None], size).ravel()
        wanted = None if latents is None else self.hyper_of(latents).ravel()
        return port.symbols(wanted, channel, self.hyper_tables(rate), HYPER_LIMIT, "hyper latents").reshape(size)
