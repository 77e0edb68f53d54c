"""Multiply-accumulates of a model package, counted from its stored graphs."""

from __future__ import annotations

import math

import onnx
from onnx import helper, shape_inference

from latentpress.models import ModelPackage
from latentpress.systems.hyperprior.model import network_names

__all__ = ["count_macs", "macs_per_pixel"]

_SIDE = 256  # pixels of the square picture that is counted

_ENCODER_ONLY = ("analysis", "hyper_analysis")
_DECODER_ONLY = ("synthesis",)


def macs_per_pixel(package: ModelPackage) -> dict[str, float]:
    """Multiply-accumulates of all convolutions for each pixel of the picture, by network, and the sums for
    ``encoder`` and ``decoder`` (the entropy networks run in both).
    """
    latent, hyper = _SIDE // 16, _SIDE // 64
    sides = {"x": _SIDE, "latents": latent, "hyper": hyper, "features": latent, "values": latent}
    names = network_names(int(package.config.get("passes", 2)))
    counted = {name: count_macs(package.network(name), sides) / _SIDE**2 for name in names}
    return counted | {
        "encoder": sum(macs for name, macs in counted.items() if name not in _DECODER_ONLY),
        "decoder": sum(macs for name, macs in counted.items() if name not in _ENCODER_ONLY),
    }


def count_macs(graph: bytes, sides: dict[str, int]) -> int:
    """Multiply-accumulates of the convolutions of an ONNX graph when the inputs of these names have these heights and
    widths.
    """
    model = onnx.load_from_string(graph)
    for value in model.graph.input:
        if value.name in sides:
            for axis in (2, 3):
                value.type.tensor_type.shape.dim[axis].ClearField("dim_param")
                value.type.tensor_type.shape.dim[axis].dim_value = sides[value.name]
    for output in model.graph.output:
        output.CopyFrom(helper.make_empty_tensor_value_info(output.name))
    inferred = shape_inference.infer_shapes(model, strict_mode=True)
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*inferred.graph.value_info, *inferred.graph.output)
    }
    weights = {t.name: list(t.dims) for t in inferred.graph.initializer} | shapes
    total = 0
    for node in inferred.graph.node:
        if node.op_type == "Conv":
            total += math.prod(weights[node.input[1]][1:]) * math.prod(shapes[node.output[0]])
    return total
