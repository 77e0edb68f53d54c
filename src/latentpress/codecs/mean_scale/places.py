"""Entropy networks that work pass by pass: they give and take what a pass codes, in its order.

A pass of four codes every channel at one place of each 2x2 square. The package's graphs give parameters for all latents
before each pass, and take the values of all. Here what goes into the last layers is sorted by the places of squares,
and one layer in four groups gives at each place the channels that are wanted there. The prediction from latents around
works on the passes before, each an array of a quarter of the latents. The same integers, with a quarter of the
arithmetic of these layers and of the passes over their arrays.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Checkerboard
from latentpress.engine.graph import Graph, Node, Value
from latentpress.engine.layers import layers_of

__all__ = ["INDICES", "MEANS", "ODD", "computed", "first_by_pass", "later_by_pass", "pass_name"]

MEANS, INDICES = "means", "indices"
"""Outputs of one pass, (1, M, h/2, w/2) rounded up, or of the hyper synthesis for all passes, (1, 4 M, h/2, w/2)."""

ODD = "odd"
"""Input of contexts, (2,): 1 where height or width is odd, else 0."""

_GROUPS = 4  # places of a square, and passes
_STEPS = ("Clip", "Mul", "Floor", "Add", "Mul", "Conv")
_OPERATORS: dict[str, Any] = {
    "Abs": np.abs,
    "Add": np.add,
    "Cast": lambda array: array.astype(np.float32),
    "Clip": np.clip,
    "Floor": np.floor,
    "Mul": np.multiply,
    "Sub": np.subtract,
}

Array = NDArray[Any]


def pass_name(number: int) -> str:
    """Input of contexts: the values of pass ``number``, from 1, (1, M, h/2, w/2) rounded up."""
    return f"pass {number}"


def first_by_pass(graph: Graph, channels: int) -> bool:
    """Have a hyper synthesis give parameters by pass; whether that can be."""
    made = _made(graph)
    last = made.get("index")
    offset = last.inputs[1] if last and last.kind == "Add" else None
    scale = _layer(made, last.inputs[0] if last and offset else "index")
    mean = _layer(made, "mean")
    if not (mean and scale) or channels % _GROUPS or not _alike(graph, mean, scale):
        return False
    _drop(graph, *mean, *scale, *([last] if last and offset else []))
    number, channel = np.divmod(np.arange(_GROUPS * channels), channels)
    order = _squares(channels)[channel, number] * 2 * channels + channel
    parts = [(mean, np.arange(channels)), (scale, np.arange(channels))]
    steps = _at_places(graph, mean[-1].inputs[0], [parts] * _GROUPS, scale)
    graph.nodes += [
        _rows(graph, steps, order, MEANS),
        _rows(graph, steps, order + channels, "indices of any rate" if offset else INDICES),
    ]
    if offset:
        graph.nodes.append(Node("Concat", [offset] * _GROUPS, ["offsets"]).with_ints(axis=1))
        graph.nodes.append(Node("Add", ["indices of any rate", "offsets"], [INDICES]))
    sides = "half of the height", "half of the width"
    graph.outputs = [value for value in graph.outputs if value.name not in ("mean", "index")]
    graph.outputs += [Value(name, (1, _GROUPS * channels, *sides)) for name in (MEANS, INDICES)]
    return True


def later_by_pass(graph: Graph, channels: int, number: int) -> bool:
    """Have the context of pass ``number``, from 2 on, give the corrections of its pass and take those before; whether
    that can be.
    """
    made = _made(graph)
    if not {"mean", "index"} <= made.keys() or made["mean"].kind != "Add" or channels % _GROUPS:
        return False
    scale = _layer(made, "index")
    mean, other = (_layer(made, name) for name in made["mean"].inputs)
    if other and scale and other[-1].inputs[0] == scale[-1].inputs[0]:
        mean, other = other, mean
    if not (mean and other and scale) or not _alike(graph, mean, scale):
        return False
    if not _predict(graph, made, other, channels, number):
        return False
    _drop(graph, *mean, *scale, *other, made["mean"])
    each, places = channels // _GROUPS, _squares(channels)[:, number - 1]
    parts = [[(layer, np.flatnonzero(places == place)) for layer in (mean, scale)] for place in range(_GROUPS)]
    graph.constants["no more"] = np.zeros(6, np.int64)
    graph.inputs.append(Value(ODD, (2,)))
    graph.nodes += [
        Node("Cast", [ODD], ["odd in whole numbers"]).with_ints(to=7),
        Node("Concat", ["no more", "odd in whole numbers"], ["more"]).with_ints(axis=0),
        Node("Pad", [mean[-1].inputs[0], "more"], ["even"]),
    ]
    steps = _at_places(graph, "even", parts, scale)
    order = places * 2 * each + np.arange(channels) // _GROUPS
    graph.nodes += [
        _rows(graph, steps, order, "corrected means"),
        Node("Add", ["corrected means", "predicted"], [MEANS]),
        _rows(graph, steps, order + each, INDICES),
    ]
    graph.outputs = [Value(name, (1, channels, "half of h", "half of w")) for name in (MEANS, INDICES)]
    graph.prune()
    return True


def computed(graph: Graph, made: Mapping[str, Node], name: str, known: dict[str, Array]) -> Array | None:
    """A tensor that is made of constants and ``known`` ones number by number; None if it is not."""
    if name in graph.constants or not name:
        return graph.constants.get(name)
    if name not in known:
        node = made.get(name)
        if node is None or node.kind not in _OPERATORS:
            return None
        given = [computed(graph, made, one, known) for one in node.inputs]
        if any(one is None and text for one, text in zip(given, node.inputs, strict=True)):
            return None
        known[name] = _OPERATORS[node.kind](*given)
    return known[name]


def _predict(graph: Graph, made: Mapping[str, Node], layer: list[Node], channels: int, number: int) -> bool:
    """Put into the graph what a depthwise 3x3 layer over all values gives at the places of a pass: a layer over each
    of the passes before, with those weights that lead from its places to these.
    """
    weight, bias = (computed(graph, made, name, {}) for name in layer[-1].inputs[1:3])
    steps, clip = layers_of(graph).get(layer[-1].outputs[0]), made.get(layer[-1].inputs[0])
    if weight is None or weight.shape != (channels, 1, 3, 3) or bias is None or steps is None:
        return False
    if clip is None or clip.kind != "Clip" or clip.inputs[0] != "values":
        return False
    last = ""
    for before in range(number - 1):
        found = np.zeros_like(weight)
        for first in range(_GROUPS):
            (row, column), (from_row, from_column) = (Checkerboard.place(one, first) for one in (number - 1, before))
            for down, across in itertools.product(range(-1, 2), repeat=2):
                rows, columns = row + down - from_row, column + across - from_column
                if rows % 2 == columns % 2 == 0:
                    found[first::4, 0, 1 + rows // 2, 1 + columns // 2] = weight[first::4, 0, 1 + down, 1 + across]
        given, name = pass_name(before + 1), f"from pass {before + 1}"
        graph.inputs.append(Value(given, (1, channels, "half of h", "half of w")))
        graph.constants[f"weight {name}"] = (found * steps.factor).astype(np.float32)
        graph.constants[f"bias {name}"] = ((bias * steps.factor + steps.half) * (not last)).astype(np.float32)
        graph.nodes += [
            Node("Clip", [given, *clip.inputs[1:]], [f"{given} in range"]),
            Node("Conv", [f"{given} in range", f"weight {name}", f"bias {name}"], [name]).with_ints(
                kernel_shape=[3, 3], pads=[1] * 4, group=channels
            ),
        ]
        if last:
            graph.nodes.append(Node("Add", [last, name], [f"{last}, {before + 1}"]))
        last = graph.nodes[-1].outputs[0]
    ends = {"lowest": steps.low, "highest": steps.high}
    graph.constants |= {name: np.array(end, np.float32) for name, end in ends.items()}
    graph.nodes += [
        Node("Clip", [last, "lowest", "highest"], ["predicted in range"]),
        Node("Floor", ["predicted in range"], ["whole predicted"]),
        Node("Mul", ["whole predicted", layer[1].inputs[1]], ["predicted"]),
    ]
    graph.inputs = [value for value in graph.inputs if value.name != "values"]
    return True


def _at_places(graph: Graph, trunk: str, parts: list[list[tuple[list[Node], Array]]], steps: list[Node]) -> str:
    """Put into the graph layers of an even-sided tensor, sorted by the places of squares: at each place some channels
    of layers that are alike, in the steps of one. Gives the name of the result.
    """
    names: list[list[str]] = [[], []]
    for place, layers in enumerate(parts):
        for number, (layer, channels) in enumerate(layers):
            chosen = f"channels {number} at {place}"
            graph.constants[chosen] = channels.astype(np.int64)
            for of, one in zip(names, layer[-1].inputs[1:3], strict=True):
                of.append(f"{one} at {place}")
                graph.nodes.append(Node("Gather", [one, chosen], [of[-1]]).with_ints(axis=0))
    given = ["weight at places", "bias at places"]
    graph.nodes += [
        *(Node("Concat", of, [name]).with_ints(axis=0) for of, name in zip(names, given, strict=True)),
        Node("SpaceToDepth", [trunk], ["by place"]).with_ints(blocksize=2),
        Node("Conv", ["by place", *given], ["step 0"]).with_ints(group=_GROUPS, kernel_shape=[1, 1]),
    ]
    for number, node in enumerate(reversed(steps[:-1])):
        given = [f"step {number}", *node.inputs[1:]]
        graph.nodes.append(Node(node.kind, given, [f"step {number + 1}"], node.attributes))
    return graph.nodes[-1].outputs[0]


def _squares(channels: int) -> Array:
    """The place in squares, row by row, at which each pass codes a channel (channels, passes)."""
    places = [[Checkerboard.place(number, first) for number in range(_GROUPS)] for first in range(_GROUPS)]
    return np.tile(np.array(places) @ (2, 1), (channels // _GROUPS, 1))


def _rows(graph: Graph, tensor: str, order: Array, name: str) -> Node:
    graph.constants[f"order of {name}"] = order.astype(np.int64)
    return Node("Gather", [tensor, f"order of {name}"], [name]).with_ints(axis=1)


def _drop(graph: Graph, *nodes: Node) -> None:
    gone = set(map(id, nodes))
    graph.nodes = [node for node in graph.nodes if id(node) not in gone]


def _made(graph: Graph) -> dict[str, Node]:
    return {node.outputs[0]: node for node in graph.nodes}


def _layer(made: Mapping[str, Node], name: str) -> list[Node] | None:
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
