"""Integer layers with fewer passes over their arrays, and the same integers.

The graphs of integer networks say what a layer is in small steps: a convolution, a shift by bits, a half, the floor,
the unit of the result, its range. Each of them is a pass over an array. Here shift and half go into weights and bias,
the range before the floor, where ONNX Runtime makes it part of the convolution, and the unit into the weights of the
next layer. All factors are powers of two and all ranges whole numbers of units, or else a layer stays as it is; what is
summed is what the bound of `OnnxNetwork` counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latentpress.engine.graph import Graph, Node
from latentpress.engine.layers import Layer, layers_of
from latentpress.engine.octets import in_octets

__all__ = ["lean"]

_MOVES = {"DepthToSpace", "Pad", "SpaceToDepth"}  # zeros stay zeros in any unit


def lean(model: bytes | Graph, octets: Callable[[], bool] = lambda: False) -> bytes:
    """A network with its integer layers so. octets: whether as many of them as can be are to be in 8-bit arithmetic,
    asked if there are any. Raises CorruptFileError for bytes that hold no graph.
    """
    if isinstance(model, bytes) and b"Floor" not in model:
        return model
    graph = Graph(model) if isinstance(model, bytes) else model.copy()
    nested = any(node.kind in ("If", "Loop", "Scan") for node in graph.nodes)  # their graphs may take any tensor
    if nested:
        return model if isinstance(model, bytes) else model.write()
    if octets():
        in_octets(graph)
    return _Layers(graph).lean()


class _Layers:
    """The rewriting of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._nodes = graph, list[Node]()
        self._units: dict[str, float] = {}  # of tensors that are there in whole numbers of a unit
        self._restored: set[str] = set()
        self._layers = layers_of(graph)

    def lean(self) -> bytes:
        done: set[int] = set()
        for node in self._graph.nodes:
            if id(node) in done:
                continue
            if layer := self._layers.get(node.outputs[0]):
                self._layer(node, layer)
                done.update(map(id, layer.steps))
            elif node.kind in _MOVES and (unit := self._units.get(node.inputs[0])):
                self._put(Node(node.kind, [_whole(node.inputs[0]), *node.inputs[1:]], [], node.attributes), node, unit)
            else:
                for name in node.inputs:
                    self._restore(name)
                self._nodes.append(node)
        for value in self._graph.outputs:
            self._restore(value.name)
        self._graph.nodes = self._nodes
        return self._graph.write()

    def _layer(self, node: Node, layer: Layer) -> None:
        before, name = self._units.get(node.inputs[0], 1.0), node.outputs[0]
        weight = self._new("Mul", [node.inputs[1], self._constant(layer.factor * before)], f"{name} weight")
        bias = self._new("Mul", [node.inputs[2], self._constant(layer.factor)], f"{name} bias")
        bias = self._new("Add", [bias, self._constant(layer.half)], f"{name} bias and half")
        taken = node.inputs[0] if before == 1 else _whole(node.inputs[0])
        self._nodes.append(Node("Conv", [taken, weight, bias], [name], node.attributes))
        clipped = self._new("Clip", [name, self._constant(layer.low), self._constant(layer.high)], f"{name} in range")
        self._put(Node("Floor", [clipped], []), layer.steps[-1], layer.unit)

    def _put(self, new: Node, old: Node, unit: float) -> None:
        new.outputs = [_whole(old.outputs[0])]
        self._units[old.outputs[0]] = unit
        self._nodes.append(new)

    def _restore(self, name: str) -> None:
        """Have a tensor in its own unit."""
        if name in self._units and name not in self._restored:
            self._restored.add(name)
            self._nodes.append(Node("Mul", [_whole(name), self._constant(self._units[name])], [name]))

    def _new(self, kind: str, inputs: list[str], name: str) -> str:
        self._nodes.append(Node(kind, inputs, [name]))
        return name

    def _constant(self, number: float) -> str:
        name = f"number {number!r}"
        self._graph.constants[name] = np.array(number, np.float32)
        return name


def _whole(name: str) -> str:
    return f"{name} in units"
