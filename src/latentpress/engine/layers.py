"""Integer layers as the graphs of integer networks write them: a convolution, and small steps after it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from latentpress.engine.graph import Graph, Node

__all__ = ["Layer", "is_power", "layers_of", "number_of"]

_STEPS = ("Mul", "Add", "Floor", "Mul", "Clip")  # after a convolution


@dataclass(frozen=True)
class Layer:
    """floor(convolution * ``factor`` + ``half``) * ``unit``, but at least ``low`` and at most ``high``, which count
    units. factor and unit are powers of two, low and high whole numbers. steps: the nodes after the convolution.
    """

    steps: tuple[Node, ...]
    factor: float
    half: float
    unit: float
    low: float
    high: float

    @property
    def output(self) -> str:
        """The tensor that it gives."""
        return self.steps[-1].outputs[0]


def layers_of(graph: Graph) -> dict[str, Layer]:
    """The integer layers of a graph, by what their convolutions give."""
    used = Counter(name for node in graph.nodes for name in node.inputs)
    used.update(value.name for value in graph.outputs)
    following = {name: node for node in graph.nodes for name in node.inputs if used[name] == 1}
    found = {}
    for node in graph.nodes:
        if node.kind == "Conv" and len(node.inputs) > 2 and (layer := _layer(graph, node, following)):
            found[node.outputs[0]] = layer
    return found


def _layer(graph: Graph, node: Node, following: dict[str, Node]) -> Layer | None:
    steps: list[Node] = []
    while (step := following.get((steps or [node])[-1].outputs[0])) and len(steps) < len(_STEPS):
        steps.append(step)
    if tuple(step.kind for step in steps) != _STEPS:
        return None
    if step and step.kind == "Clip":  # another range, such as from 0
        steps.append(step)
    shift, add, _, last, *ranges = steps
    factor, half, unit = (number_of(graph, one.inputs[1]) for one in (shift, add, last))
    bounds = [[number_of(graph, name) for name in [*one.inputs[1:], "", ""][:2]] for one in ranges]
    lows, highs = ([bound for bound in of if bound is not None] for of in zip(*bounds, strict=True))
    if factor is None or half is None or unit is None or not lows or not highs:
        return None
    low, high = max(lows) / unit, min(highs) / unit
    if not (is_power(factor) and is_power(unit)) or {low, high} != {math.floor(low), math.floor(high)}:
        return None
    return Layer(tuple(steps), factor, half, unit, low, high)


def number_of(graph: Graph, name: str) -> float | None:
    """The number that a tensor always is."""
    array = graph.constants.get(name)
    return None if array is None or array.size != 1 else float(array.reshape(-1)[0])


def is_power(number: float) -> bool:
    """Whether a number is a power of two."""
    return number > 0 and math.frexp(number)[0] == 0.5
