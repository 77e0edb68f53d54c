"""A network that works on a picture strip by strip, from the top down, and computes no row twice.

Layers that look at one place take any rows. A layer that looks p rows up and down keeps the last 2p rows that came to
it, puts them before those that come next, and gives its own rows p later. Where two branches meet, the earlier one
waits. So all strips together give what the network gives of the whole picture, with the memory of one strip.

`in_strips` makes such a graph out of a network's own: rows that are kept are inputs and outputs of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.engine.graph import Graph, Node, Value
from latentpress.errors import UnsupportedError

__all__ = ["END", "Kept", "Strips", "in_strips"]

END = "end"
"""Input of a network in strips, (1,): 1 for the last strip, 0 for those before it."""

_FAR = 2**40
_ROWS = 2  # the axis
_ONE_BY_ONE = {
    "Abs",
    "Add",
    "Cast",
    "Clip",
    "Div",
    "Exp",
    "Floor",
    "LeakyRelu",
    "Mul",
    "Relu",
    "Sigmoid",
    "Sqrt",
    "Sub",
    "Tanh",
}


@dataclass(frozen=True)
class Kept:
    """Rows that are kept between strips: an input and an output of the graph. channels; ratio: of its places to those
    of the network's input, along a side; first: rows of zeros before the first strip.
    """

    input: str
    output: str
    channels: int
    ratio: Fraction
    first: int


@dataclass(frozen=True)
class Strips:
    """A graph that works in strips. input, output: of the picture's rows; ratio: output rows for each input row;
    delay: output rows by which the output is late; least: input rows of the first strip, at least.
    """

    graph: bytes
    input: str
    output: str
    ratio: Fraction
    delay: int
    least: int
    kept: tuple[Kept, ...]

    def before(self, width: int) -> dict[str, NDArray[np.float32]]:
        """What is kept before the first strip of a picture of so many input columns."""
        return {
            one.input: np.zeros((1, one.channels, one.first, int(width * one.ratio)), np.float32) for one in self.kept
        }


def in_strips(model: bytes, fixed: Mapping[str, NDArray[Any]]) -> Strips:
    """A network with one input and one output of rows, in strips. fixed: what it always gets as its other inputs.

    Raises UnsupportedError for layers that are not known here, CorruptFileError for bytes that hold no graph.
    """
    graph = Graph(model)
    graph.constants |= fixed
    graph.inputs = [value for value in graph.inputs if value.name not in graph.constants]
    return _Cutting(graph).strips()


@dataclass(frozen=True)
class _Rows:
    """What is known of a tensor that has rows of the picture: see `Kept`; delay: rows of its own that it is late."""

    channels: int
    ratio: Fraction
    delay: int


class _Cutting:
    """The rewriting of a graph, node by node."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes: list[Node] = []
        self._rows: dict[str, _Rows] = {}
        self._shapes: dict[str, tuple[Any, ...]] = {name: array.shape for name, array in graph.constants.items()}
        self._joined: dict[tuple[str, int], str] = {}  # rows with those that were kept, and how many of those are above
        self._kept: list[Kept] = []
        self._least = 1

    def strips(self) -> Strips:
        graph = self._graph
        source, result = graph.inputs[0], graph.outputs[0]
        shape = source.shape
        if len(graph.inputs) != 1 or len(graph.outputs) != 1 or len(shape) != 4 or not isinstance(shape[1], int):
            raise UnsupportedError("only networks of one picture work in strips")
        self._rows[source.name] = _Rows(shape[1], Fraction(1), 0)
        graph.inputs.append(Value(END, (1,)))
        self._end = self._new("Cast", [END], "end").with_ints(to=7).outputs[0]
        for node in graph.nodes:
            self._take(node)
        found, graph.nodes = self._rows[result.name], self._nodes
        for one in self._kept:
            graph.inputs.append(Value(one.input, (1, one.channels, f"{one.input} rows", f"{one.input} columns")))
            graph.outputs.append(Value(one.output, (1, one.channels, f"{one.output} rows", f"{one.output} columns")))
        return Strips(graph.write(), source.name, result.name, found.ratio, found.delay, self._least, tuple(self._kept))

    def _take(self, node: Node) -> None:
        """Put a node into the new graph, with what it needs to work in strips."""
        rows = [self._rows[name] for name in node.inputs if name in self._rows]
        if not rows:
            self._nodes.append(node)
            self._shapes[node.outputs[0]] = self._shape(node)
        elif node.kind == "Conv" and node.inputs[0] in self._rows and len(rows) == 1:
            self._layer(node, rows[0])
        elif node.kind == "DepthToSpace":
            self._put(
                node,
                _Rows(
                    rows[0].channels // (side := node.number("blocksize", 1)) ** 2,
                    rows[0].ratio * side,
                    rows[0].delay * side,
                ),
            )
        elif node.kind in _ONE_BY_ONE and len({one.ratio for one in rows}) == 1:
            delay = max(one.delay for one in rows)
            node.inputs = [self._late(name, delay) if name in self._rows else name for name in node.inputs]
            self._put(node, _Rows(max(one.channels for one in rows), rows[0].ratio, delay))
        else:
            raise UnsupportedError(f"a network with the operator {node.kind} does not work in strips")

    def _layer(self, node: Node, rows: _Rows) -> None:
        channels = self._shapes[node.inputs[1]][0]
        pads, strides, kernel = node.ints("pads") or [0] * 4, node.ints("strides") or [1, 1], node.ints("kernel_shape")
        if strides == kernel and not any(pads) and rows.delay % kernel[0] == 0:
            self._put(node, _Rows(channels, rows.ratio / kernel[0], rows.delay // kernel[0]))
        elif (
            strides == [1, 1]
            and set(node.ints("dilations")) <= {1}
            and pads == [side // 2 for side in kernel * 2]
            and kernel[0] % 2
        ):
            up = pads[0]
            node.inputs[0] = self._join(node.inputs[0], up, rows)
            self._put(node.with_ints(pads=[0, pads[1], 0, pads[3]]), _Rows(channels, rows.ratio, rows.delay + up))
        else:
            raise UnsupportedError("a network with such a layer does not work in strips")

    def _join(self, name: str, up: int, rows: _Rows) -> str:
        """The rows with the 2 ``up`` before them, and zeros below the last."""
        if (name, up) not in self._joined:
            kept = self._keep(rows, up, name)
            below = self._new("Mul", [self._end, self._whole(up)], name)
            tail = self._new("Slice", [kept, self._whole(0), below.outputs[0], self._whole(_ROWS)], name)
            blank = self._new("Mul", [tail.outputs[0], self._constant("zero", np.zeros(1, np.float32))], name)
            joined = self._new("Concat", [kept, name, blank.outputs[0]], name).with_ints(axis=_ROWS).outputs[0]
            self._give(joined, self._whole(-2 * up))
            self._joined[name, up] = joined
        return self._joined[name, up]

    def _late(self, name: str, delay: int) -> str:
        """The rows of a tensor, late by ``delay`` in all."""
        rows = self._rows[name]
        wait = delay - rows.delay
        if not wait:
            return name
        if joined := self._joined.get((name, wait)):  # the middle of what a layer looks at
            return self._cut(joined, self._whole(wait), self._whole(-wait))
        kept = self._keep(rows, 0, name)
        joined = self._new("Concat", [kept, name], name).with_ints(axis=_ROWS).outputs[0]
        far = self._new("Mul", [self._end, self._whole(_FAR)], name)
        cut = self._new("Add", [far.outputs[0], self._whole(-wait)], name).outputs[0]  # the last strip holds none back
        self._give(joined, cut)
        return self._cut(joined, self._whole(0), cut)

    def _keep(self, rows: _Rows, first: int, name: str) -> str:
        number = len(self._kept)
        one = Kept(f"kept {number}", f"keep {number}", rows.channels, rows.ratio, first)
        self._kept.append(one)
        return one.input

    def _give(self, joined: str, start: str) -> None:
        """Keep the last rows of a tensor for the next strip."""
        node = self._new("Slice", [joined, start, self._whole(_FAR), self._whole(_ROWS)], joined)
        node.outputs[0] = self._kept[-1].output

    def _cut(self, name: str, start: str, stop: str) -> str:
        return self._new("Slice", [name, start, stop, self._whole(_ROWS)], name).outputs[0]

    def _put(self, node: Node, rows: _Rows) -> None:
        self._nodes.append(node)
        self._rows[node.outputs[0]] = rows
        self._least = max(self._least, math.ceil((rows.delay + 1) / rows.ratio))

    def _new(self, kind: str, inputs: Sequence[str], of: str) -> Node:
        node = Node(kind, list(inputs), [f"strips {len(self._nodes)} of {of}"])
        self._nodes.append(node)
        return node

    def _whole(self, number: int) -> str:
        return self._constant(f"whole {number}", np.array([number], np.int64))

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        self._graph.constants[name] = array
        return name

    def _shape(self, node: Node) -> tuple[Any, ...]:
        """Of what depends on no row, as far as it is of use: of weights that are computed."""
        try:
            return np.broadcast_shapes(*(self._shapes.get(name, ()) for name in node.inputs))
        except (ValueError, TypeError):
            return ()
