"""A context network that computes the last layers only where its pass codes.

Of a pass's own latents there are as many as of any other, but the graph of its context gives corrections for all. Here
its trunk is sorted by the places of 2x2 squares, and one layer in four groups gives at each place the channels that the
pass codes there. The same integers, a quarter of the arithmetic of these layers and of the passes over their arrays.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Checkerboard
from latentpress.engine.graph import Graph, Node, Value

__all__ = ["CORRECTIONS", "ODD", "PREDICTED", "at_places", "corrections_of"]

CORRECTIONS, PREDICTED = "corrections", "predicted"
"""Outputs in the place of mean and index: for each place of a square means and indices of the channels that are coded
there, (1, channels, h/2, w/2) rounded up, and what is added to the means, at all latents (1, M, h, w).
"""

ODD = "odd"
"""Input (2,): 1 where height or width is odd, else 0."""

_GROUPS = 4  # places of a square
_STEPS = ("Clip", "Mul", "Floor", "Add", "Mul", "Conv")

Indices = NDArray[np.int32]


def at_places(model: bytes, order: Checkerboard, channels: int, number: int) -> bytes | None:
    """The context network of pass ``number``, from 2 on, over so many channels; None if it is built in another way."""
    graph = Graph(model)
    made = {node.outputs[0]: node for node in graph.nodes}
    if not {"mean", "index"} <= made.keys() or made["mean"].kind != "Add":
        return None
    scale = _layer(made, "index")
    mean, other = (_layer(made, name) for name in made["mean"].inputs)
    if other and scale and other[-1].inputs[0] == scale[-1].inputs[0]:
        mean, other = other, mean
    if not (mean and other and scale) or not _alike(graph, mean, scale):
        return None
    trunk, (weights, biases) = scale[-1].inputs[0], ([layer[-1].inputs[i] for layer in (mean, scale)] for i in (1, 2))
    gone = {id(node) for node in (*mean, *scale, made["mean"])}
    graph.nodes = [node for node in graph.nodes if id(node) not in gone]
    other[0].outputs[0] = PREDICTED

    def constant(name: str, array: NDArray[np.int64]) -> str:
        graph.constants[name] = array
        return name

    def sorted_by_place(parts: list[str], name: str) -> str:
        """Of weights or biases of both layers: channels that are coded at each place."""
        taken = []
        for place, numbers in enumerate(_squares(order, channels).T):
            chosen = constant(f"channels at {place}", np.flatnonzero(numbers == number - 1))
            for part in parts:
                taken.append(f"{part} at {place}")
                graph.nodes.append(Node("Gather", [part, chosen], [taken[-1]]).with_ints(axis=0))
        graph.nodes.append(Node("Concat", taken, [name]).with_ints(axis=0))
        return name

    weight, bias = sorted_by_place(weights, "weight at places"), sorted_by_place(biases, "bias at places")
    graph.inputs.append(Value(ODD, (2,)))
    graph.nodes += [
        Node("Cast", [ODD], ["odd in whole numbers"]).with_ints(to=7),
        Node("Concat", [constant("no more", np.zeros(6, np.int64)), "odd in whole numbers"], ["more"]).with_ints(
            axis=0
        ),
        Node("Pad", [trunk, "more"], ["even"]),
        Node("SpaceToDepth", ["even"], ["by place"]).with_ints(blocksize=2),
        Node("Conv", ["by place", weight, bias], ["step 0"]).with_ints(group=_GROUPS, kernel_shape=[1, 1]),
    ]
    for step, node in enumerate(reversed(scale[:-1])):
        name = CORRECTIONS if node is scale[0] else f"step {step + 1}"
        graph.nodes.append(Node(node.kind, [f"step {step}", *node.inputs[1:]], [name], node.attributes))
    sides = "half of the height", "half of the width"
    graph.outputs = [Value(CORRECTIONS, (1, "channels by place", *sides)), Value(PREDICTED, (1, "M", "h", "w"))]
    return graph.write()


@functools.lru_cache(maxsize=2)
def corrections_of(order: Checkerboard, channels: int, height: int, width: int) -> list[tuple[Indices, Indices]]:
    """Where in a pass's `CORRECTIONS` its means and its indices are, flat, for each pass from 2 on."""
    down, across = -(-height // 2), -(-width // 2)
    ranks = _squares(order, channels)
    found = []
    for number, places in enumerate(order.positions(channels, height, width)[1:], start=2):
        channel, rest = np.divmod(places.astype(np.int32), np.int32(height * width))
        row, column = np.divmod(rest, np.int32(width))
        mine = ranks == number - 1
        rank = (np.cumsum(mine, axis=0) - 1).astype(np.int32)
        place = 2 * (row & 1) + (column & 1)
        each = np.int32(mine[:, 0].sum())
        first = 2 * place * each + rank[channel, place]
        found.append(tuple(((first + more) * down + (row >> 1)) * across + (column >> 1) for more in (0, each)))
    return found


def _layer(made: dict[str, Node], name: str) -> list[Node] | None:
    """The steps of the integer layer that gives a tensor, from the last to the convolution."""
    found: list[Node] = []
    while name in made and len(found) < len(_STEPS):
        found.append(made[name])
        name = made[name].inputs[0]
    return found if tuple(node.kind for node in found) == _STEPS else None


def _alike(graph: Graph, one: list[Node], other: list[Node]) -> bool:
    """Whether two layers see the same and differ in weights and biases alone."""
    numbers = ([graph.constants.get(name) for node in layer[:-1] for name in node.inputs[1:]] for layer in (one, other))
    same = all(a is not None and b is not None and np.array_equal(a, b) for a, b in zip(*numbers, strict=True))
    return same and one[-1].inputs[0] == other[-1].inputs[0] and len(one[-1].inputs) == len(other[-1].inputs) == 3


def _squares(order: Checkerboard, channels: int) -> NDArray[np.int32]:
    """The pass, from 0, of each channel at the places of a square (channels, 4)."""
    return order.numbers(channels, 2, 2).reshape(channels, _GROUPS)
