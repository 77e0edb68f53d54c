"""The networks of lossless codecs as ONNX graphs in whole numbers."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from latentpress.parts.lossless import IntegerLinear, PlaneNet

__all__ = ["export_plane"]

_OPSET = 17


def export_plane(net: PlaneNet) -> bytes:
    """The graph of one plane: ``x`` (N, inputs) whole numbers to ``y`` (N, 2), correction and spread on their grids.

    A layer is Gemm, Floor, Clip: weights carry the power of two between the grids and the bias a half for rounding, so
    all sums are multiples of one small power of two.
    """
    nodes, constants = [], []
    current = "x"
    groups = [[layer] for layer in net.hidden] + [[net.correction, net.spread]]
    for i, group in enumerate(groups):
        parts = [_folded(layer) for layer in group]  # type: ignore[arg-type]
        weight, bias = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        low, high = float(group[0].out_low), float(group[0].out_high)  # type: ignore[arg-type]
        out = "y" if i == len(groups) - 1 else f"h{i}"
        constants += [
            numpy_helper.from_array(np.ascontiguousarray(weight.T, np.float32), f"w{i}"),
            numpy_helper.from_array(bias.astype(np.float32), f"b{i}"),
            numpy_helper.from_array(np.array(low, np.float32), f"low{i}"),
            numpy_helper.from_array(np.array(high, np.float32), f"high{i}"),
        ]
        nodes += [
            helper.make_node("Gemm", [current, f"w{i}", f"b{i}"], [f"s{i}"]),
            helper.make_node("Floor", [f"s{i}"], [f"f{i}"]),
            helper.make_node("Clip", [f"f{i}", f"low{i}", f"high{i}"], [out]),
        ]
        current = out
    inputs = int(net.layers()[0].weight.shape[1])
    graph = helper.make_graph(
        nodes,
        "plane",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _folded(layer: IntegerLinear) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    """Weights and bias that give the layer's output in whole numbers of its grid, but for the floor."""
    weight, bias, exponents = (tensor.double().numpy() for tensor in layer.integer_parameters())
    shift = 2.0 ** (layer.out_bits - layer.in_bits - exponents)
    return weight[:, :, 0, 0] * shift[:, None], bias * shift + 0.5
