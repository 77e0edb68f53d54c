"""The networks as ONNX graphs, in the form that a model package stores."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from latentpress.parts.integer import WEIGHT_LIMIT
from latentpress.training.system import Graph

__all__ = ["Indexed", "export_graph", "with_small_weights"]

_OPSET = 17
_SMALL = 16  # numbers in a tensor that is not worth a conversion


def export_graph(graph: Graph) -> bytes:
    """A network as an ONNX graph with dynamic height and width.

    Weights of convolutions are stored as 8-bit integers and a scale a channel where that is exact; what else
    float16 holds exactly, as float16.
    """
    buffer = io.BytesIO()
    # Each array has lengths of its own name: an engine may share memory between arrays whose lengths are called alike.
    dynamic = (name for name in (*graph.inputs, *graph.outputs) if name not in graph.fixed)
    spatial = {name: {2: f"{name}_height", 3: f"{name}_width"} for name in dynamic}
    with warnings.catch_warnings(), torch.no_grad():
        # The TorchScript exporter is deprecated but needs no further package; tests compare its graphs to the modules.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.module,
            tuple(graph.inputs.values()),
            buffer,  # type: ignore[arg-type] # the stubs know paths only
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes=spatial,
            opset_version=_OPSET,
            dynamo=False,
        )
    return bytes(with_small_weights(onnx.load_from_string(buffer.getvalue())).SerializeToString())


@dataclass(frozen=True)
class Indexed:
    """A weight on the levels of a codebook: ``levels`` (K,) float32, K up to 256, at ``index`` (the weight's shape)
    uint8, times ``scale``, float32 that broadcasts; levels and scale are numbers that float16 holds.
    """

    index: NDArray[np.uint8]
    levels: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def rounded(cls, index: NDArray[np.uint8], levels: NDArray[Any], scale: NDArray[Any]) -> Self:
        """With levels and scale rounded to float16."""
        return cls(index, *(one.astype(np.float16).astype(np.float32) for one in (levels, scale)))

    @property
    def values(self) -> NDArray[np.float32]:
        """The weight."""
        return self.levels[self.index] * self.scale


def with_small_weights(
    model: onnx.ModelProto, indexed: Mapping[str, Indexed] | None = None, rounded: bool = False
) -> onnx.ModelProto:
    """The graph with weights in few bytes and nodes that unpack them: those of convolutions as 8-bit integers and a
    scale a channel where that is exact, those of ``indexed`` as indices of a codebook, and what else float16 holds as
    float16; with ``rounded`` all else, rounded.
    """
    graph = model.graph
    kernels = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    loading: list[onnx.NodeProto] = []
    more: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name, stored = tensor.name, f"{tensor.name}.stored"
        if indexed and name in indexed:
            book = indexed[name]
            tensor.CopyFrom(numpy_helper.from_array(book.index, stored))
            for part, array in (("levels", book.levels), ("scale", book.scale)):
                more.append(numpy_helper.from_array(array.astype(np.float16), f"{name}.{part}.stored"))
                loading.append(
                    helper.make_node("Cast", [f"{name}.{part}.stored"], [f"{name}.{part}"], to=TensorProto.FLOAT)
                )
            loading.append(helper.make_node("Cast", [stored], [f"{name}.index"], to=TensorProto.INT32))
            loading.append(helper.make_node("Gather", [f"{name}.levels", f"{name}.index"], [f"{name}.whole"]))
            loading.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name]))
            continue
        values = numpy_helper.to_array(tensor)
        scale = _channel_scale(values) if name in kernels else None
        if scale is not None:
            tensor.CopyFrom(numpy_helper.from_array(np.round(values / scale).astype(np.int8), stored))
            more.append(numpy_helper.from_array(scale, f"{name}.scale"))
            loading.append(helper.make_node("Cast", [stored], [f"{name}.whole"], to=TensorProto.FLOAT))
            loading.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name]))
            continue
        halves = values.astype(np.float16)
        if values.size > _SMALL and (rounded or np.array_equal(halves.astype(np.float32), values)):
            tensor.CopyFrom(numpy_helper.from_array(halves, stored))
            loading.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    graph.initializer.extend(more)
    nodes = [*loading, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    model.producer_name, model.producer_version, model.doc_string = "latentpress", "", ""
    onnx.checker.check_model(model)
    return model


def _channel_scale(weight: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """(out, 1, 1, 1) scales that make every weight a whole number in -127..127, or None: those of integer layers, which
    are powers of two, or those of `round_to_eight_bits`, of which the largest weight is some whole number.
    """
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    exponent = np.floor(np.log2(WEIGHT_LIMIT / np.maximum(largest, np.float32(2.0**-14))))
    scale: NDArray[np.float32] = (2.0**-exponent).astype(np.float32)
    fits = _whole(weight, scale)
    for number in range(WEIGHT_LIMIT, 0, -1):
        if fits.all():
            break
        other = np.where(largest > 0, largest / np.float32(number), np.float32(1))
        better = ~fits & _whole(weight, other)
        scale = np.where(better, other, scale).astype(np.float32)
        fits = fits | better
    return scale if fits.all() else None


def _whole(weight: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the weights of each channel (out, 1, 1, 1) are whole numbers of its scale, to the last bit."""
    whole = np.round(weight / scale)
    exact: NDArray[np.bool_] = (whole * scale == weight).all(axis=(1, 2, 3), keepdims=True)
    return exact
