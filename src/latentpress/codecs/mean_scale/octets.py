"""Entropy networks that pass octets on, and get each latent's magnitude as one; the integers are those of the package's
own graphs.

A context looks at magnitudes of latents in rough steps, an octet each (`LEVELS`). They are looked up for the latents of
a pass once these are known, and not computed for all latents before each pass. Features, what hyper latents say of a
place, are octets as well. Both have their channels last, as 8-bit layers take them (engine/octets.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.mean_scale.layout import CONTEXT_LIMIT, MEAN_BITS
from latentpress.codecs.orders import Order, Positions
from latentpress.engine.graph import Graph, Node, Value
from latentpress.engine.layers import layers_of
from latentpress.engine.octets import FIRST, LAST

__all__ = ["LEVELS", "OCTETS", "Known", "Octets", "with_octets"]

OCTETS, LEVELS = "octets", "levels"
"""Output of the hyper synthesis and input of contexts: features; input of contexts: magnitudes. Both (1, h, w,
channels).
"""

_FLOAT, _OCTET = 1, 2  # types of tensors
_FAR = 2**20  # units of values
_OPERATORS: dict[str, Callable[..., NDArray[Any]]] = {
    "Abs": np.abs,
    "Add": np.add,
    "Clip": np.clip,
    "Floor": np.floor,
    "Mul": np.multiply,
    "Sub": np.subtract,
}


@dataclass(frozen=True, eq=False)
class Octets:
    """The networks of a package so, by name. unit: of features. levels (2 * `CONTEXT_LIMIT` + 1,): the octet of each
    value, in its own units of 1/16 step, from -`CONTEXT_LIMIT` on; those beyond have that of the nearest.
    """

    graphs: Mapping[str, bytes]
    unit: float
    levels: NDArray[np.uint8]

    def floats(self, octets: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features as the package's own graphs have them, (1, channels, h, w)."""
        return np.ascontiguousarray(octets.transpose(FIRST), dtype=np.float32) * np.float32(self.unit)


class Known:
    """The latents of a tile that are known when a pass begins: values (M, h, w), zero elsewhere, and their levels
    (h, w, M), if networks take them.
    """

    def __init__(self, order: Order, shape: tuple[int, int, int], levels: NDArray[np.uint8] | None) -> None:
        self.values, self._table = np.zeros(shape, np.float32), levels
        self._order = order
        if levels is not None:
            self.levels = np.full((*shape[1:], shape[0]), levels[CONTEXT_LIMIT], np.uint8)

    def put(self, number: int, values: NDArray[np.float32]) -> None:
        """Take the values of pass ``number``, from 1, in its order."""
        self.values.reshape(-1)[self._order.positions(*self.values.shape)[number - 1]] = values
        if self._table is not None:
            units = np.clip(values * np.float32(2**MEAN_BITS), -CONTEXT_LIMIT, CONTEXT_LIMIT).astype(np.int16)
            found = self._table.take(units.astype(np.int32) + CONTEXT_LIMIT)
            self.levels.reshape(-1)[_last(self._order, *self.values.shape)[number - 1]] = found


def with_octets(hyper_synthesis: bytes, contexts: Mapping[str, bytes]) -> Octets | None:
    """The hyper synthesis and contexts by name, so; None if they are built in another way."""
    graph = Graph(hyper_synthesis)
    found = [layer for layer in layers_of(graph).values() if layer.output == "features"]
    if not found or found[0].low < 0 or found[0].high > 255:
        return None
    unit = found[0].unit
    graph.constants["units"] = np.array(1 / unit, np.float32)
    graph.nodes += [
        Node("Mul", ["features", "units"], ["whole"]),
        Node("Transpose", ["whole"], ["turned"]).with_ints(perm=LAST),
        Node("Cast", ["turned"], [OCTETS]).with_ints(to=_OCTET),
    ]
    graph.outputs = [value for value in graph.outputs if value.name != "features"]
    graph.outputs.append(Value(OCTETS, (1, "h", "w", "channels"), "|u1"))
    graphs, tables = {"hyper_synthesis": graph.write()}, list[NDArray[np.uint8]]()
    for name, model in contexts.items():
        graph = Graph(model)
        if (table := _take_octets(graph, unit)) is None:
            return None
        graphs[name] = graph.write()
        tables.append(table)
    return Octets(graphs, unit, tables[0]) if tables and all(np.array_equal(one, tables[0]) for one in tables) else None


def _take_octets(graph: Graph, unit: float) -> NDArray[np.uint8] | None:
    """Have a context take features and levels as octets; gives the table of levels."""
    sizes = {value.name: value.shape for value in graph.inputs}
    made = {name: node for node in graph.nodes for name in node.outputs}
    joined = next((node for node in graph.nodes if node.kind == "Concat" and node.inputs[0] == "features"), None)
    layers = {layer.output: name for name, layer in layers_of(graph).items()}
    if joined is None or not {"features", "values"} <= sizes.keys() or joined.inputs[-1] not in layers:
        return None
    name = made[layers[joined.inputs[-1]]].inputs[0]
    ends = np.array([-_FAR, -CONTEXT_LIMIT, CONTEXT_LIMIT, _FAR])
    values = np.concatenate([np.arange(-CONTEXT_LIMIT, CONTEXT_LIMIT + 1), ends])
    known = {"values": (values / 2**MEAN_BITS).astype(np.float32)}
    found = _computed(graph, made, name, known)
    step = None if found is None else next((2.0**-n for n in range(24) if not (found % 2.0**-n).any()), None)
    if found is None or step is None or found.min() < 0 or found.max() > 255 * step:
        return None
    if found[-4] != found[-3] or found[-2] != found[-1]:
        return None
    graph.inputs = [value for value in graph.inputs if value.name != "features"]
    for given, tensor, size, of in (
        (OCTETS, "features", sizes["features"][1], unit),
        (LEVELS, name, sizes["values"][1], step),
    ):
        graph.inputs.append(Value(given, (1, "h", "w", size), "|u1"))
        graph.constants[f"unit of {given}"] = np.array(of, np.float32)
        graph.nodes = [node for node in graph.nodes if tensor not in node.outputs]
        graph.nodes[:0] = [
            Node("Cast", [given], [f"{given} in floats"]).with_ints(to=_FLOAT),
            Node("Transpose", [f"{given} in floats"], [f"{given} turned"]).with_ints(perm=FIRST),
            Node("Mul", [f"{given} turned", f"unit of {given}"], [tensor]),
        ]
    graph.prune()
    return np.asarray(found[:-4] / step).astype(np.uint8)


def _computed(graph: Graph, made: Mapping[str, Node], name: str, known: dict[str, NDArray[Any]]) -> NDArray[Any] | None:
    """A tensor that is made of ``known`` ones value by value; None if it is not."""
    if name in graph.constants or not name:
        return graph.constants.get(name)
    if name not in known:
        node = made.get(name)
        if node is None or node.kind not in _OPERATORS:
            return None
        given = [_computed(graph, made, one, known) for one in node.inputs]
        if any(one is None and text for one, text in zip(given, node.inputs, strict=True)):
            return None
        known[name] = _OPERATORS[node.kind](*given)
    return known[name]


@functools.lru_cache(maxsize=2)
def _last(order: Order, channels: int, height: int, width: int) -> list[Positions]:
    """The positions of passes in arrays with channels last."""
    found = []
    for places in order.positions(channels, height, width):
        channel, place = np.divmod(places, height * width)
        found.append(place * channels + channel)
    return found
