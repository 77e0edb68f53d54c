"""Which channels of a network hang together: to take one away, rows and columns of several weights go at once.

Arrays between layers whose channels are the same channels form a group: what goes into an activation function or a
depth-wise convolution and what comes out, all sides of a sum, the two sides of a product. A dense layer ends one group
and begins another. Groups that something not understood here touches, or an input or output of the network, are fixed
(a dependency graph, as in Fang et al. 2023, DepGraph, arXiv:2301.12900).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, shape_inference

from latentpress.slimming.weights import StoredNetwork

__all__ = ["Channels", "channel_groups", "without_channels"]

_ONE_BY_ONE = {
    "Abs", "Cast", "Clip", "Exp", "Floor", "Identity", "LeakyRelu", "Log", "Neg", "Relu", "Sigmoid", "Sign", "Sqrt",
    "Squeeze", "Tanh", "Unsqueeze",
}  # fmt: skip
_SIDE_BY_SIDE = {"Add", "Div", "Max", "Min", "Mul", "Sub"}


@dataclass
class Channels:
    """A group that may lose channels. count: how many it has. slices: (weight, axis) that each channel has a slice of.
    made: those of them that make the channels, the rest reads them. layers: outputs of the dense layers that it enters
    (``reads``) or leaves (``writes``), for counting.
    """

    count: int
    slices: set[tuple[str, int]] = field(default_factory=set)
    made: set[tuple[str, int]] = field(default_factory=set)
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)


def channel_groups(network: StoredNetwork) -> list[Channels]:
    """All groups that may lose channels, in the order of the graph."""
    return _Groups(network).found()


def without_channels(network: StoredNetwork, group: Channels, kept: NDArray[np.intp]) -> None:
    """Keep these channels of a group, in place, and forget the others."""
    for name, axis in group.slices:
        network.values[name] = np.ascontiguousarray(np.take(network.values[name], kept, axis))
    spread = {name for name, axis in group.slices if axis == 0}
    for node in network.model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "group" and attribute.i > 1 and node.input[1] in spread:
                attribute.i = len(kept)  # a depth-wise kernel
    del network.model.graph.value_info[:]
    group.count = len(kept)


class _Groups:
    """Union-find over arrays and over axes of weights."""

    def __init__(self, network: StoredNetwork) -> None:
        self._values, self._parents = network.values, dict[Any, Any]()
        self._fixed: set[Any] = set()
        self._made: set[tuple[str, int]] = set()
        self._reads: list[tuple[Any, str]] = []
        self._writes: list[tuple[Any, str]] = []
        graph = network.model.graph
        self._shapes = _shapes(network)
        self._constants = {name for node in graph.node if node.op_type == "Constant" for name in node.output}
        self._constants |= network.constants.keys()
        for value in (*graph.input, *graph.output):
            self._fix(value.name)
        for node in graph.node:
            if node.op_type != "Constant":
                self._follow(node)

    def found(self) -> list[Channels]:
        groups: dict[Any, Channels] = {}
        fixed = {self._root(one) for one in self._fixed}
        for one in list(self._parents):
            root = self._root(one)
            if root not in fixed and isinstance(one, tuple):
                group = groups.setdefault(root, Channels(self._values[one[0]].shape[one[1]]))
                group.slices.add(one)
                if one in self._made:
                    group.made.add(one)
        for found, kind in ((self._reads, "reads"), (self._writes, "writes")):
            for array, output in found:
                if self._root(array) in groups:
                    getattr(groups[self._root(array)], kind).append(output)
        return [group for group in groups.values() if group.reads and group.writes]

    def _root(self, one: Any) -> Any:
        parent = self._parents.setdefault(one, one)
        if parent != one:
            parent = self._parents[one] = self._root(parent)
        return parent

    def _join(self, one: Any, other: Any) -> None:
        self._parents[self._root(one)] = self._root(other)

    def _fix(self, *arrays: str) -> None:
        self._fixed.update(arrays)
        for array in arrays:
            self._root(array)

    def _follow(self, node: onnx.NodeProto) -> None:
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        own = [name for name in node.input if name and name not in self._constants]
        output = node.output[0]
        if node.op_type in _ONE_BY_ONE and self._channels(own[0]) == self._channels(output):
            self._join(own[0], output)
        elif node.op_type in _SIDE_BY_SIDE:
            self._beside(own, output)
        elif node.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul") and self._layer(node, attributes):
            pass
        else:
            self._fix(*(name for name in own if name not in self._values), *node.output)
            self._fixed.update((name, axis) for name in own if name in self._values for axis in range(4))

    def _beside(self, inputs: list[str], output: str) -> None:
        """A sum or the like: of arrays with the same channels, of one with a number a channel, or with one number."""
        for name in inputs:
            if name in self._values:
                shape = self._values[name].shape
                rank = len(self._shapes.get(output, ()))
                axis = len(shape) - (rank - 1)  # of the channels, which are the second axis of the output
                if 0 <= axis < len(shape) and shape[axis] > 1:
                    self._join((name, axis), output)
                    self._made.add((name, axis))
            elif self._channels(name) == self._channels(output):
                self._join(name, output)
            else:
                self._fix(name, output)  # one channel for all, or nobody knows

    def _layer(self, node: onnx.NodeProto, attributes: dict[str, Any]) -> bool:
        """A layer with weights: False if they are no constants."""
        x, weight, output = node.input[0], node.input[1], node.output[0]
        if weight not in self._values or x in self._values:
            return False
        shape, groups = self._values[weight].shape, attributes.get("group", 1)
        biases = [(name, self._values[name].ndim - 1) for name in node.input[2:] if name in self._values]
        if len(biases) < len([name for name in node.input[2:] if name]):
            return False
        if node.op_type == "Conv" and groups == shape[0] > 1 and shape[1] == 1:
            self._join(x, output)
            ends = [(output, (weight, 0))]
        elif groups == 1 and len(shape) in (2, 4):
            turned = node.op_type == "Conv" or (node.op_type == "Gemm" and attributes.get("transB", 0))
            self._join(x, (weight, int(turned)))
            self._reads.append((x, output))
            self._writes.append((output, output))
            ends = [(output, (weight, int(not turned)))]
        else:
            return False
        for array, end in (*ends, *((output, bias) for bias in biases)):
            self._join(array, end)
            self._made.add(end)
        return True

    def _channels(self, array: str) -> int | None:
        shape = self._shapes.get(array, [])
        return shape[1] if len(shape) > 1 and isinstance(shape[1], int) else None


def _shapes(network: StoredNetwork) -> dict[str, list[Any]]:
    inferred = shape_inference.infer_shapes(onnx.load_from_string(network.plain()))
    return {
        value.name: [one.dim_value or None for one in value.type.tensor_type.shape.dim]
        for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
    }
