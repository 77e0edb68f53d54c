"""A stored network with its weights as plain float arrays: what slimming works on, of whatever system it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Self

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from latentpress.errors import CorruptFileError
from latentpress.training.graphs import Indexed, with_small_weights

__all__ = ["SMALL", "StoredNetwork"]

SMALL = 64
"""Numbers of a weight that is worth being made smaller, at least."""

_UNPACKING = {"Cast", "Mul", "Gather"}  # what stands between stored numbers and a weight, see `with_small_weights`


class StoredNetwork:
    """The ONNX graph of a network, its weights unpacked: ``values`` by name, float32, to be changed in place or set.

    Raises CorruptFileError for bytes that hold no graph.
    """

    def __init__(self, graph: bytes) -> None:
        try:
            self.model = onnx.load_from_string(graph)
        except DecodeError as error:
            raise CorruptFileError(f"the network cannot be loaded: {error}") from None
        arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in self.model.graph.initializer}
        nodes = []
        for node in self.model.graph.node:
            if node.op_type in _UNPACKING and all(name in arrays for name in node.input):
                arrays[node.output[0]] = _unpacked(node, *(arrays[name] for name in node.input))
            else:
                nodes.append(node)
        used = {name for node in nodes for name in node.input}
        del self.model.graph.node[:]
        self.model.graph.node.extend(nodes)
        self.constants = {name: array for name, array in arrays.items() if name in used and array.dtype != np.float32}
        self.values: dict[str, NDArray[np.float32]] = {
            name: np.array(array) for name, array in arrays.items() if name in used and array.dtype == np.float32
        }

    def copy(self) -> Self:
        """Another one with the same weights."""
        return type(self)(self.plain())

    def plain(self, taps: Collection[str] = ()) -> bytes:
        """The graph with its weights as float32. taps: names of arrays inside that become outputs too."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        del model.graph.initializer[:]
        kept = {**self.constants, **self.values}
        model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in kept.items())
        model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in taps)
        return bytes(model.SerializeToString())

    def stored(self, indexed: Mapping[str, Indexed] | None = None) -> bytes:
        """The graph as packages store it (`with_small_weights`); weights that need more than float16 are rounded."""
        model = with_small_weights(onnx.load_from_string(self.plain()), indexed, rounded=True)
        return bytes(model.SerializeToString())

    def uses(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read an array."""
        return [node for node in self.model.graph.node if name in node.input]

    def matrices(self) -> dict[str, int]:
        """The weights of dense layers, nearly all numbers of a network: by name the axis of their output channels. Bare
        products with a matrix are none: those are tables of rates, which are small, and what they say is dear.
        """
        found = {}
        for node in self.model.graph.node:
            if node.op_type in ("Conv", "ConvTranspose", "Gemm") and node.input[1] in self.values:
                attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
                if self.values[node.input[1]].size >= SMALL and attributes.get("group", 1) == 1:
                    turned = node.op_type == "Conv" or (node.op_type == "Gemm" and attributes.get("transB", 0))
                    found[node.input[1]] = 0 if turned else 1
        return found


def _unpacked(node: onnx.NodeProto, *inputs: NDArray[np.generic]) -> NDArray[np.generic]:
    if node.op_type == "Mul":
        return np.asarray(inputs[0] * inputs[1])  # type: ignore[operator]  # of numbers
    if node.op_type == "Gather":
        return np.asarray(inputs[0][inputs[1]])
    to = next(a.i for a in node.attribute if a.name == "to")
    return inputs[0].astype(helper.tensor_dtype_to_np_dtype(to))
