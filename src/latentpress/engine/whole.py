"""Integer layers with fewer passes over their arrays, and the same integers.

The graphs of integer networks say what a layer is in small steps: a convolution, a shift by bits, a half, the floor,
the unit of the result, its range. Each of them is a pass over an array. Here shift and half go into weights and bias,
the range before the floor, where ONNX Runtime makes it part of the convolution, and the unit into the weights of the
next layer. All factors are powers of two and all ranges whole numbers of units, or else a layer stays as it is; what is
summed is what the bound of `OnnxNetwork` counts.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from latentpress.engine.graph import Graph, Node

__all__ = ["lean"]

_MOVES = {"DepthToSpace", "Pad", "SpaceToDepth"}  # zeros stay zeros in any unit
_STEPS = ("Mul", "Add", "Floor", "Mul", "Clip")  # after a convolution


def lean(model: bytes) -> bytes:
    """A network with its integer layers so. Raises CorruptFileError for bytes that hold no graph."""
    if b"Floor" not in model:
        return model
    graph = Graph(model)
    nested = any(node.kind in ("If", "Loop", "Scan") for node in graph.nodes)  # their graphs may take any tensor
    return model if nested else _Layers(graph).lean()


class _Layers:
    """The rewriting of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._nodes = graph, list[Node]()
        used = Counter(name for node in graph.nodes for name in node.inputs)
        used.update(value.name for value in graph.outputs)
        self._next = {name: node for node in graph.nodes for name in node.inputs if used[name] == 1}
        self._units: dict[str, float] = {}  # of tensors that are there in whole numbers of a unit
        self._restored: set[str] = set()

    def lean(self) -> bytes:
        done: set[int] = set()
        for node in self._graph.nodes:
            if id(node) in done:
                continue
            steps = self._steps(node) if node.kind == "Conv" else None
            if steps is not None and self._layer(node, steps):
                done.update(map(id, steps))
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

    def _steps(self, node: Node) -> list[Node] | None:
        """The steps of the integer layer that begins with a convolution; None if it is no such layer."""
        found: list[Node] = []
        while (step := self._next.get((found or [node])[-1].outputs[0])) and len(found) < len(_STEPS):
            found.append(step)
        if tuple(step.kind for step in found) != _STEPS or len(node.inputs) < 3:
            return None
        if step and step.kind == "Clip":  # another range, such as from 0
            found.append(step)
        return found

    def _layer(self, node: Node, steps: list[Node]) -> bool:
        shift, half, _, unit, *ranges = steps
        factor, add, step = (self._number(one.inputs[1]) for one in (shift, half, unit))
        bounds = [[self._number(name) for name in [*one.inputs[1:], "", ""][:2]] for one in ranges]
        lows, highs = ([bound for bound in of if bound is not None] for of in zip(*bounds, strict=True))
        if factor is None or add is None or step is None or not lows or not highs:
            return False
        low, high, before = max(lows) / step, min(highs) / step, self._units.get(node.inputs[0], 1.0)
        if not all(map(_is_power, (factor, step))) or {low, high} != {math.floor(low), math.floor(high)}:
            return False
        name = node.outputs[0]
        weight = self._new("Mul", [node.inputs[1], self._constant(factor * before)], f"{name} weight")
        bias = self._new("Mul", [node.inputs[2], self._constant(factor)], f"{name} bias")
        bias = self._new("Add", [bias, self._constant(add)], f"{name} bias and half")
        taken = node.inputs[0] if before == 1 else _whole(node.inputs[0])
        self._nodes.append(Node("Conv", [taken, weight, bias], [name], node.attributes))
        clipped = self._new("Clip", [name, self._constant(low), self._constant(high)], f"{name} in range")
        self._put(Node("Floor", [clipped], []), steps[-1], step)
        return True

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

    def _number(self, name: str) -> float | None:
        array = self._graph.constants.get(name)
        return None if array is None or array.size != 1 else float(array.reshape(-1)[0])


def _whole(name: str) -> str:
    return f"{name} in units"


def _is_power(number: float) -> bool:
    return number > 0 and math.frexp(number)[0] == 0.5
