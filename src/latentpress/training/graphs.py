"""The networks as ONNX graphs, in the form that a model package stores."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Sequence

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.parts.integer import WEIGHT_LIMIT, IntegerConv2d, set_integer
from latentpress.parts.quantise import round_half_up
from latentpress.parts.rate_table import IntegerRateTable
from latentpress.systems.hyperprior.model import context_name
from latentpress.systems.hyperprior.net import HyperpriorNet

__all__ = ["export_graph", "export_graphs", "freeze"]

_OPSET = 17


class _FrozenConv(nn.Module):
    """An integer convolution with its weights fixed: what `IntegerConv2d` computes, without the arithmetic that made
    them.
    """

    def __init__(self, layer: IntegerConv2d) -> None:
        super().__init__()
        weight, bias, exponents = layer.integer_parameters()
        self.weight = nn.Parameter(weight * 2.0 ** -exponents[:, None, None, None], requires_grad=False)
        self.bias = nn.Parameter(bias * 2.0 ** -(exponents + layer.in_bits), requires_grad=False)
        self.padding, self.groups = layer.kernel // 2, layer.groups
        self.scale = 2.0**layer.out_bits
        self.low, self.high = layer.out_low / self.scale, layer.out_high / self.scale

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, self.bias, padding=self.padding, groups=self.groups)
        return (round_half_up(x * self.scale) * (1 / self.scale)).clamp(self.low, self.high)


class _FrozenTable(nn.Module):
    """An integer rate table with its entries fixed."""

    def __init__(self, table: IntegerRateTable) -> None:
        super().__init__()
        self.table = nn.Parameter(table.integer_table(), requires_grad=False)
        self.unit = 2.0**-table.bits

    def forward(self, mix: Tensor) -> Tensor:
        value = round_half_up((mix @ self.table) * (1 / STEPS_PER_ANCHOR)) * self.unit
        return value[:, :, None, None]


def freeze(module: nn.Module) -> None:
    """Replace every integer layer and table inside ``module`` by its frozen form."""
    for name, child in module.named_children():
        if isinstance(child, IntegerConv2d):
            setattr(module, name, _FrozenConv(child))
        elif isinstance(child, IntegerRateTable):
            setattr(module, name, _FrozenTable(child))
        else:
            freeze(child)


def export_graphs(net: HyperpriorNet) -> dict[str, bytes]:
    """Every network of the codec by name, with dynamic height and width and batch 1, on the integer path.

    The weights of the entropy networks are stored as the 8-bit integers that they are, those of the transforms as
    float16.
    """
    net = copy.deepcopy(net).cpu().eval()
    set_integer(net, True)
    freeze(net)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    c = net.config
    mix = torch.zeros(1, c.anchors)
    x = torch.zeros(1, 3, 64, 64)
    y = torch.zeros(1, c.latents, 8, 8)
    z = torch.zeros(1, c.hyper_latents, 2, 2)
    features = torch.zeros(1, c.features, 8, 8)
    return {
        "analysis": export_graph(net.analysis, (x, mix), ("x", "mix"), ("latents",)),
        "hyper_analysis": export_graph(net.hyper_analysis, (y,), ("latents",), ("hyper",)),
        "hyper_synthesis": export_graph(net.hyper_synthesis, (z, mix), ("hyper", "mix"), ("features", "mean", "index")),
        **{
            context_name(number): export_graph(context, (features, y), ("features", "values"), ("mean", "index"))
            for number, context in enumerate(net.contexts, 2)
        },
        "synthesis": export_graph(net.synthesis, (y, mix), ("values", "mix"), ("pixels",)),
    }


def export_graph(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    names: Sequence[str],
    outputs: Sequence[str],
    fixed: Sequence[str] = ("mix",),
) -> bytes:
    """A network as an ONNX graph with dynamic height and width, but for the inputs that are ``fixed``."""
    buffer = io.BytesIO()
    spatial = {name: {2: "height", 3: "width"} for name in (*names, *outputs) if name not in fixed}
    with warnings.catch_warnings(), torch.no_grad():
        # The TorchScript exporter is deprecated but needs no further package; tests compare its graphs to the modules.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            buffer,  # type: ignore[arg-type] # the stubs know paths only
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes=spatial,
            opset_version=_OPSET,
            dynamo=False,
        )
    graph: bytes = _with_small_weights(onnx.load_from_string(buffer.getvalue())).SerializeToString()
    return graph


def _with_small_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store each convolution's weight as 8-bit integers and a power of two a channel where that is exact, else as
    float16.
    """
    graph = model.graph
    weights = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    loading: list[onnx.NodeProto] = []
    scales: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        if tensor.name not in weights or tensor.data_type != TensorProto.FLOAT:
            continue
        name, stored = tensor.name, f"{tensor.name}.stored"
        values = numpy_helper.to_array(tensor)
        scale = _power_of_two_scale(values)
        if scale is None:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
            loading.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
            continue
        tensor.CopyFrom(numpy_helper.from_array((values / scale).astype(np.int8), stored))
        scales.append(numpy_helper.from_array(scale, f"{name}.scale"))
        loading.append(helper.make_node("Cast", [stored], [f"{name}.whole"], to=TensorProto.FLOAT))
        loading.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name]))
    graph.initializer.extend(scales)
    nodes = [*loading, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    model.producer_name, model.producer_version, model.doc_string = "latentpress", "", ""
    onnx.checker.check_model(model)
    return model


def _power_of_two_scale(weight: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """(out, 1, 1, 1) powers of two that make every weight a whole number in -127..127, or None."""
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    exponent = np.floor(np.log2(WEIGHT_LIMIT / np.maximum(largest, np.float32(2.0**-14))))
    scale = (2.0**-exponent).astype(np.float32)
    whole = weight / scale
    return scale if np.array_equal(whole, np.round(whole)) else None
