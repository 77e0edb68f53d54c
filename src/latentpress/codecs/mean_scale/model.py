"""A model package with hyper latents as functions on arrays, and the walk over its latents.

A tile's stream (`latentpress.codecs.ports`): hyper latents, then two or four passes over the latents, each with
parameters from all that came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.anchor_tables import tables_by_anchor
from latentpress.codecs.latent import LatentModel, TileSettings, Values
from latentpress.codecs.mean_scale.finer import Finer, steps_of
from latentpress.codecs.mean_scale.known import Known, inside
from latentpress.codecs.mean_scale.layout import HYPER_LIMIT, RESIDUAL_LIMIT, context_name
from latentpress.codecs.mean_scale.octets import OCTETS, give_features, take_octets
from latentpress.codecs.mean_scale.parameters import Parameters
from latentpress.codecs.mean_scale.places import INDICES, MEANS, first_by_pass, later_by_pass
from latentpress.codecs.orders import Checkerboard
from latentpress.codecs.ports import Port
from latentpress.codecs.roi import Roi
from latentpress.codecs.rounding import Rounding
from latentpress.engine.graph import Graph
from latentpress.engine.octets import FIRST
from latentpress.entropy import ProbabilityTables
from latentpress.models import ModelPackage

__all__ = ["MeanScaleModel"]

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _ByPass:
    """The hyper synthesis and contexts of a package, by name, as they work by passes. unit: of features; levels: see
    `take_octets`.
    """

    graphs: Mapping[str, Graph]
    unit: float
    levels: NDArray[np.uint8]


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

    def first(self, hyper: Float, rate: int, height: int, width: int) -> tuple[NDArray[Any], list[Parameters]]:
        """Hyper latents to features, (1, F, height, width) or as octets (1, height, width, F), and the parameters of
        each pass, in its order, that passes before it correct.
        """
        out = self.run("hyper_synthesis", hyper=hyper[None], mix=self.mix(rate))
        if self._by_pass is None:
            cut = {name: np.ascontiguousarray(array[:, :, :height, :width]) for name, array in out.items()}
            mean, index = (self.order.split(cut[name][0]) for name in ("mean", "index"))
            return cut["features"], list(map(Parameters, mean, index))
        means, indices = (out[name].reshape(4, self.latents, *out[name].shape[2:]) for name in (MEANS, INDICES))
        parts = [
            self._inside(number, *two, height, width) for number, two in enumerate(zip(means, indices, strict=True))
        ]
        return np.ascontiguousarray(out[OCTETS][:, :height, :width]), parts

    def later(self, number: int, features: NDArray[Any], known: Known) -> Parameters:
        """Features and the latents of the passes before ``number`` to corrections of the parameters of the pass's
        places, in their order.
        """
        if self._by_pass is None:
            values = known.values
            out = self.run(context_name(number), features=features, values=values[None])
            places = self.order.positions(*values.shape)[number - 1]
            return Parameters(out["mean"][0], out["index"][0]).at(places)
        out = self.run(context_name(number), **{OCTETS: features}, **known.given)
        return self._inside(number - 1, out[MEANS][0], out[INDICES][0], *features.shape[1:3])

    def _inside(self, number: int, mean: Float, index: Float, height: int, width: int) -> Parameters:
        """Parameters (M, h/2, w/2), or more, of pass ``number``, from 0, as those of its latents in their order."""
        squares = slice(-(-height // 2)), slice(-(-width // 2))
        mean, index = (np.ascontiguousarray(array[(slice(None), *squares)]).reshape(-1) for array in (mean, index))
        places = inside(self.order, self.latents, height, width)
        return Parameters(mean, index) if places is None else Parameters(mean, index).at(places[number])

    def floats(self, features: NDArray[Any]) -> Float:
        """Features as the package's own graphs take them, (1, F, height, width)."""
        if self._by_pass is None:
            return features
        return np.ascontiguousarray(features.transpose(FIRST), np.float32) * np.float32(self._by_pass.unit)

    def nothing(self, height: int, width: int) -> Known:
        """What is known of a tile before the first pass."""
        levels = None if self._by_pass is None else self._by_pass.levels
        return Known(self.order, (self.latents, height, width), levels)

    def graph(self, source: ModelPackage, network: str) -> bytes | Graph:
        """See `PackageModel.graph`."""
        found = self._by_pass.graphs.get(network) if self._by_pass and source is self.package else None
        return found or super().graph(source, network)

    @cached_property
    def _by_pass(self) -> _ByPass | None:
        """Networks that give and take what passes code; None if they cannot be had."""
        graph = Graph(self.package.network("hyper_synthesis"))
        unit = give_features(graph)
        if self.order.passes != 4 or unit is None or not first_by_pass(graph, self.latents):
            return None
        graphs, tables = {"hyper_synthesis": graph}, list[NDArray[np.uint8]]()
        for number in range(2, self.order.passes + 1):
            graph = Graph(self.package.network(context_name(number)))
            table = take_octets(graph, unit)
            if table is None or not later_by_pass(graph, self.latents, number):
                return None
            graphs[context_name(number)] = graph
            tables.append(table)
        return _ByPass(graphs, unit, tables[0]) if all(np.array_equal(one, tables[0]) for one in tables) else None

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
        parts = [None] * len(first) if latents is None else self.order.split(latents)
        latents = None  # which are large
        steps = [None] * len(first) if finer is None else finer.parts(self.order, self.latents)
        for number, here in enumerate(steps, start=1):
            parameters, part = first.pop(0), parts.pop(0)  # out of the lists, which would keep them to the end
            if number > 1:
                parameters = parameters.plus(self.later(number, features, known))
            if here is not None:
                parameters = here.parameters(parameters)
            mean, index = parameters.mean, parameters.tables(len(self.tables))
            wanted = None if part is None else rounding.round(part - mean, index)
            value = port.symbols(wanted, index, self.tables, RESIDUAL_LIMIT, "latents").astype(np.float32) + mean
            known.put(value if here is None else here.values(value))
        values = Values(known.values)
        return Values(values.values, (hyper, values.sixteenths))

    def interest(self, roi: Roi) -> NDArray[np.int8] | None:
        """See `LatentModel.interest`: steps of the scale grid."""
        return steps_of(roi, self.stride)

    def _code_hyper(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None) -> NDArray[np.int32]:
        size = (self.hyper_latents, *(-(-side // self.hyper_stride) for side in shape))
        channel = np.broadcast_to(np.arange(self.hyper_latents, dtype=np.uint8)[:, None, None], size).ravel()
        wanted = None if latents is None else self.hyper_of(latents).ravel()
        return port.symbols(wanted, channel, self.hyper_tables(rate), HYPER_LIMIT, "hyper latents").reshape(size)
