"""Integer layers in 8-bit arithmetic, and the same integers.

Integer networks are made of activations 0..255 and weights -127..127 (parts/integer.py); their graphs carry them in
float32, which every engine can. Here such layers become ONNX Runtime's quantised ones: a processor that multiplies
bytes is four times as quick with them, and their arrays are a quarter as large. Channels come last in these.

Sums are exact: 32-bit integers. A shift by s bits with its half is ``sum * 2^-s``, rounded: quantised layers round
halves to even, and so the factor is the next float above 2^-s, which sends halves up and moves no other sum, as long as
s is at most 14. What lies below 0 is 0 in either case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.engine.graph import Graph, Node
from latentpress.engine.layers import Layer, is_power, layers_of, number_of

__all__ = ["FIRST", "LAST", "MICROSOFT", "in_octets", "shifts"]

LAST, FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""Axes of an array whose channels are to come last, or first."""

MICROSOFT = "com.microsoft"
"""The domain of the operators."""

_FLOAT, _OCTET = 1, 2  # types of tensors
_LESS = 128  # what is added to octets of layers that may be negative
_LARGEST_SHIFT = 14
_LARGEST_SUM = 2**24  # as the export proves

Array = NDArray[Any]


def in_octets(graph: Graph) -> None:
    """Put 8-bit layers into a graph where it has integer ones that allow it."""
    if all(value.shape[:1] == (1,) for value in graph.inputs if len(value.shape) == 4):
        _Rewriting(graph).run()


def shifts(bits: Array) -> NDArray[np.float32]:
    """The factors of shifts by so many bits."""
    return np.nextafter(np.exp2(-bits).astype(np.float32), np.float32(np.inf))


@dataclass(frozen=True)
class _Fact:
    """What is known of a tensor: it holds multiples of ``unit``, a power of two if there is one, in low..high."""

    unit: float | None
    low: float = -math.inf
    high: float = math.inf

    def holds(self, *numbers: float | None) -> float | None:
        """The unit, if the numbers are multiples of it too."""
        return self.unit if self.unit and not any((number or 0) % self.unit for number in numbers) else None


@dataclass(frozen=True)
class _Octets:
    """A tensor that is there as octets (1, height, width, channels) which count ``unit``. last: whether the tensor
    itself has its channels last, and not first. blocks: whether its channels are sorted for blocks of 2x2.
    """

    name: str
    channels: int
    unit: float = 1.0
    last: bool = False
    blocks: bool = False


class _Rewriting:
    """The rewriting of a graph, node by node. Floats of a tensor that is there in octets are made when they are
    needed, and octets of one that is there in floats.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph, self._nodes, self._layers = graph, list[Node](), layers_of(graph)
        self._made = {name: node for node in graph.nodes for name in node.outputs}
        self._facts: dict[str, _Fact] = {}
        self._octets: dict[str, _Octets] = {}
        self._floats = {value.name for value in graph.inputs} | set(graph.constants)

    def run(self) -> None:
        done: set[int] = set()
        for value in self._graph.inputs:
            if value.type == "|u1" and len(value.shape) == 4 and isinstance(value.shape[3], int):
                self._octets[value.name] = _Octets(value.name, value.shape[3], last=True)
        for node in self._graph.nodes:
            if id(node) in done:
                continue
            layer = self._layers.get(node.outputs[0])
            if layer and self._layer(node, layer):
                done.update(map(id, layer.steps))
            elif not self._moved(node):
                for name in node.inputs:
                    self._need(name)
                self._note(node)
                self._nodes.append(node)
                self._floats.update(node.outputs)
        for value in self._graph.outputs:
            self._need(value.name)
        self._graph.nodes = self._nodes
        self._graph.prune()

    def _layer(self, node: Node, layer: Layer) -> bool:
        """Put a layer into the new graph in octets, if it is one for them."""
        weights, biases = (self._array(name) for name in node.inputs[1:3])
        unit = self._unit(node.inputs[0])
        if weights is None or biases is None or unit is None or weights.ndim != 4 or layer.half != 0.5:
            return False
        whole = _whole(weights, biases / unit)
        if whole is None:
            return False
        weight, bias, exponents = whole
        bits = exponents - math.log2(unit * layer.factor)
        less = _LESS if layer.low < 0 else 0
        group = node.number("group", 1)
        if layer.low + less >= 0 and layer.high + less <= 255:
            if bits.max() > _LARGEST_SHIFT or (less and bits.min() < 0) or (group > 1 and weight.shape[1] > 1):
                return False
            self._narrow(self._as_octets(node.inputs[0]), node, weight, bias + less * np.exp2(bits), bits, less, layer)
        elif set(weight.shape[2:]) | set(node.ints("strides")) <= {1} and not any(node.ints("pads")):
            self._wide(self._as_octets(node.inputs[0]), weight, bias, bits, group, layer)
        else:
            return False
        self._facts[layer.output] = _Fact(layer.unit, layer.low * layer.unit, layer.high * layer.unit)
        return True

    def _narrow(
        self, octets: str, node: Node, weight: Array, bias: Array, bits: Array, less: int, layer: Layer
    ) -> None:
        """A layer whose results are octets, or are when ``less`` is added, which the bias has in it."""
        name = layer.output
        users = [one for one in self._graph.nodes if name in one.inputs]
        blocks = len(users) == 1 and users[0].kind == "DepthToSpace" and not less
        blocks = blocks and users[0].number("blocksize", 1) == 2 and b"CRD" in users[0].attributes.get("mode", b"")
        if blocks:  # channels of one place of a block after those of another
            order = np.arange(len(weight)).reshape(-1, 4).T.ravel()
            weight, bias, bits = weight[order], bias[order], bits[order]
        inputs = [
            octets,
            *(self._number(1), self._octet(0)),
            self._constant(f"{name} weight", weight.astype(np.int8)),
            self._constant(f"{name} factors", shifts(bits)),
            self._constant(f"{name} zeros", np.zeros(len(weight), np.int8)),
            *(self._number(1), self._octet(0)),
            self._constant(f"{name} bias", bias.astype(np.int32)),
        ]
        made = self._new("QLinearConv", inputs, f"{name} octets", node.attributes)
        self._nodes[-1].with_ints(channels_last=1, kernel_shape=weight.shape[2:]).domain = MICROSOFT
        low, high = int(layer.low) + less, int(layer.high) + less
        if (low, high) != (0, 255):
            made = self._new("Clip", [made, self._octet(low), self._octet(high)], f"{name} octets in range")
        if less:
            floats = self._cast(made, f"{name} and more")
            whole = self._new("Add", [floats, self._number(-less)], f"{name} whole")
            self._finish(self._turned(whole, FIRST, f"{name} turned"), layer)
        else:
            self._octets[name] = _Octets(made, len(weight), layer.unit, blocks=blocks)

    def _wide(self, octets: str, weight: Array, bias: Array, bits: Array, group: int, layer: Layer) -> None:
        """A layer of single places whose results are no octets."""
        name, each = layer.output, len(weight) // group
        parts = [octets]
        if group > 1:
            parts = [f"{name} part {number}" for number in range(group)]
            self._nodes.append(Node("Split", [octets], parts).with_ints(axis=3))
        done, biases = [], bias * np.exp2(-bits) + layer.half
        for number, part in enumerate(parts):
            mine = slice(number * each, (number + 1) * each)
            inputs = [
                part,
                self._constant(f"{name} weight {number}", weight[mine, :, 0, 0].T.astype(np.int8)),
                self._number(1),
                self._constant(f"{name} factors {number}", np.exp2(-bits[mine]).astype(np.float32)),
                self._octet(0),
                self._constant(f"{name} zeros", np.zeros(each, np.int8)),
                self._constant(f"{name} bias {number}", biases[mine].astype(np.float32)),
            ]
            sums = self._new("MatMulIntegerToFloat", inputs, f"{name} sums {number}")
            self._nodes[-1].domain = MICROSOFT
            low, high = self._number(layer.low), self._number(layer.high)
            clipped = self._new("Clip", [sums, low, high], f"{name} in range {number}")
            whole = self._new("Floor", [clipped], f"{name} whole {number}")
            done.append(self._turned(whole, FIRST, f"{name} turned {number}"))
        turned = done[0] if group == 1 else self._joined(done, f"{name} turned", axis=1)
        self._finish(turned, layer)

    def _finish(self, whole: str, layer: Layer) -> None:
        """Whole numbers as the floats that a layer gives."""
        self._new("Mul", [whole, self._number(layer.unit)], layer.output)
        self._floats.add(layer.output)

    def _moved(self, node: Node) -> bool:
        """Put a node into the new graph that moves octets, if it is one; or note what its octets count."""
        name, first = node.outputs[0], self._octets.get(node.inputs[0]) if node.inputs else None
        if node.kind == "Concat" and node.number("axis", 0) == 1:
            units = {self._unit(one) for one in node.inputs}
            if None in units or len(units) > 1 or not self._octets.keys() & set(node.inputs):
                return False
            parts = [self._as_octets(one) for one in node.inputs]
            channels = [self._octets[one].channels for one in node.inputs]
            joined = self._joined(parts, f"{name} octets")
            self._octets[name] = _Octets(joined, sum(channels) if all(channels) else 0, units.pop() or 1)
            return True
        if first is None:
            return False
        factor = number_of(self._graph, node.inputs[1]) if node.kind == "Mul" else None
        to = node.number("to", 0) if node.kind == "Cast" and first.unit == 1 else 0
        if factor is not None and is_power(factor):
            self._octets[name] = replace(first, unit=first.unit * factor)
        elif to == _FLOAT:
            self._octets[name] = first
        elif to == _OCTET and first.last:
            self._new("Identity", [first.name], name)
            self._floats.add(name)
        elif node.kind == "Transpose" and tuple(node.ints("perm")) == (FIRST if first.last else LAST):
            self._octets[name] = replace(first, last=not first.last)
        elif node.kind == "DepthToSpace" and first.blocks:
            self._octets[name] = self._put_down(first, f"{name} octets")
        elif node.kind == "SpaceToDepth" and first.channels and not first.last:
            self._octets[name] = self._gathered(first, node.number("blocksize", 1), f"{name} octets")
        elif node.kind == "Pad" and len(node.inputs) == 2 and not first.last:
            order = self._constant("pads with channels last", np.array([*LAST, *(4 + axis for axis in LAST)]))
            pads = self._new("Gather", [node.inputs[1], order], f"{name} pads")
            self._octets[name] = replace(first, name=self._new("Pad", [first.name, pads], f"{name} octets"))
        else:
            return False
        return True

    def _put_down(self, octets: _Octets, name: str) -> _Octets:
        """Channels of blocks in their places: rows, rows of a block, columns, columns of a block, and channels."""
        channels = octets.channels // 4
        split = self._shaped(octets.name, [0, 0, 0, 2, -1], f"{name} split")
        turned = self._turned(split, (0, 1, 3, 2, 4), f"{name} turned")
        alone = self._new("Squeeze", [turned, self._first_axis()], f"{name} alone")
        rows = self._shaped(alone, [0, 0, -1, channels], f"{name} rows")
        return _Octets(self._shaped(rows, [1, -1, 0, 0], name), channels, octets.unit)

    def _gathered(self, octets: _Octets, side: int, name: str) -> _Octets:
        """Places of blocks in channels: of those of a row, then of rows."""
        columns = self._shaped(octets.name, [0, 0, -1, side * octets.channels], f"{name} columns")
        rows = self._shaped(columns, [-1, side, 0, 0], f"{name} rows")
        turned = self._turned(rows, (0, 2, 1, 3), f"{name} turned")
        flat = self._shaped(turned, [0, 0, -1], f"{name} flat")
        whole = self._new("Unsqueeze", [flat, self._first_axis()], name)
        return _Octets(whole, octets.channels * side**2, octets.unit)

    def _unit(self, name: str) -> float | None:
        """What the octets of a tensor count; None if it cannot be had in octets, channels last."""
        if (octets := self._octets.get(name)) and not (octets.last or octets.blocks):
            return octets.unit
        fact = self._facts.get(name, _Fact(None))
        within = fact.unit and is_power(fact.unit) and fact.low >= 0 and fact.high <= 255 * fact.unit
        return fact.unit if within else None

    def _as_octets(self, name: str) -> str:
        """A tensor that has a `_unit`, in octets."""
        if name not in self._octets:
            unit = self._facts[name].unit or 1
            whole = self._new("Mul", [name, self._number(1 / unit)], f"{name} whole")
            turned = self._turned(whole, LAST, f"{name} with channels last")
            self._octets[name] = _Octets(self._cast(turned, f"{name} octets", _OCTET), 0, unit)
        return self._octets[name].name

    def _need(self, name: str) -> None:
        """Have a tensor in floats."""
        octets = self._octets.get(name)
        if octets is None or name in self._floats:
            return
        self._floats.add(name)
        floats = self._cast(octets.name, f"{name} in floats")
        if octets.blocks:  # back in their own order
            order = np.arange(octets.channels).reshape(4, -1).T.ravel()
            floats = self._new("Gather", [floats, self._constant(f"{name} order", order)], f"{name} sorted")
            self._nodes[-1].with_ints(axis=3)
        turned = floats if octets.last else self._turned(floats, FIRST, f"{name} turned")
        self._new("Mul", [turned, self._number(octets.unit)], name)

    def _note(self, node: Node) -> None:
        """What is known of what a node of floats gives."""
        facts = [self._facts.get(name) for name in node.inputs]
        numbers = [number_of(self._graph, name) for name in node.inputs]
        if found := _fact(node.kind, facts, numbers):
            self._facts[node.outputs[0]] = found

    def _array(self, name: str) -> Array | None:
        """A tensor that is made of constants."""
        if name in self._graph.constants:
            return self._graph.constants[name]
        node = self._made.get(name)
        if node is None or node.kind not in ("Cast", "Concat", "Gather", "Mul"):
            return None
        parts = [self._array(one) for one in node.inputs]
        given = [part for part in parts if part is not None]
        if len(given) < len(parts) or node.number("axis", 0):
            return None
        if node.kind == "Cast":
            return given[0].astype(np.float32) if node.number("to", 0) == _FLOAT else None
        if node.kind == "Concat":
            return np.concatenate(given)
        return np.asarray(given[0][given[1]] if node.kind == "Gather" else given[0] * given[1])

    def _joined(self, parts: list[str], name: str, axis: int = 3) -> str:
        self._nodes.append(Node("Concat", parts, [name]).with_ints(axis=axis))
        return name

    def _cast(self, one: str, name: str, to: int = _FLOAT) -> str:
        self._nodes.append(Node("Cast", [one], [name]).with_ints(to=to))
        return name

    def _turned(self, one: str, axes: tuple[int, ...], name: str) -> str:
        self._nodes.append(Node("Transpose", [one], [name]).with_ints(perm=axes))
        return name

    def _shaped(self, one: str, shape: list[int], name: str) -> str:
        return self._new("Reshape", [one, self._constant(f"shape {shape}", np.array(shape, np.int64))], name)

    def _new(self, kind: str, inputs: list[str], name: str, attributes: dict[str, bytes] | None = None) -> str:
        self._nodes.append(Node(kind, inputs, [name], dict(attributes or {})))
        return name

    def _first_axis(self) -> str:
        return self._constant("first axis", np.zeros(1, np.int64))

    def _number(self, number: float) -> str:
        return self._constant(f"number {float(number)!r}", np.array(number, np.float32))

    def _octet(self, number: int) -> str:
        return self._constant(f"octet {number}", np.array(number, np.uint8))

    def _constant(self, name: str, array: Array) -> str:
        self._graph.constants[name] = array
        return name


def _whole(weights: Array, biases: Array) -> tuple[Array, Array, Array] | None:
    """Weights and biases as whole numbers times powers of two, one for each output channel: those numbers, and how
    often they were doubled, which is as seldom as can be. None where they are no such numbers of 8 bits and a sign.
    """
    rows, bias = weights.reshape(len(weights), -1), biases.astype(np.float64)
    largest = np.maximum(rows.max(axis=1), -rows.min(axis=1)).astype(np.float64)
    if largest.max() > 127 or np.abs(bias).max() > _LARGEST_SUM:
        return None
    doubled = np.floor(np.log2(127 / np.maximum(largest, 2.0**-_LARGEST_SHIFT))).astype(int)  # as often as can be
    whole, sums = rows * np.exp2(doubled)[:, None].astype(np.float32), bias * np.exp2(doubled)
    numbers, totals = whole.astype(np.int8), sums.astype(np.int64)
    if not (np.array_equal(numbers, whole) and np.array_equal(totals, sums)):
        return None
    used = np.bitwise_or.reduce(numbers, axis=1) | totals  # bits of any of the numbers
    too_often = np.frexp(used & -used)[1] - 1
    less = np.where(used, np.minimum(too_often, doubled), doubled)
    totals >>= less
    if np.abs(totals).max() > _LARGEST_SUM:
        return None
    return (numbers >> less[:, None].astype(np.int8)).reshape(weights.shape), totals, (doubled - less).astype(float)


def _fact(kind: str, facts: list[_Fact | None], numbers: list[float | None]) -> _Fact | None:
    """What is known of the result of an operator, of what is known of its inputs; numbers: those that always are the
    same.
    """
    one = (facts[0] if facts else None) or _Fact(None)
    number, more = ([*numbers, None, None][place] for place in (1, 2))
    if kind == "Floor":
        return _Fact(1, *(math.floor(end) if math.isfinite(end) else end for end in (one.low, one.high)))
    if kind == "Abs":
        return _Fact(one.unit, 0, max(-one.low, one.high))
    if kind == "Mul" and number is not None and number > 0:
        return _Fact(one.unit and one.unit * number, one.low * number, one.high * number)
    if kind in ("Add", "Sub") and number is not None:
        number = number if kind == "Add" else -number
        return _Fact(one.holds(number), one.low + number, one.high + number)
    if kind == "Add" and len(facts) == 2 and (other := facts[1]):
        unit = min(one.unit, other.unit) if one.unit and other.unit else None
        return _Fact(unit, one.low + other.low, one.high + other.high)
    if kind == "Clip":
        low, high = (-math.inf if number is None else number), (math.inf if more is None else more)
        return _Fact(one.holds(number, more), max(one.low, low), min(one.high, high))
    return one if kind in ("DepthToSpace", "SpaceToDepth", "Unsqueeze") else None
