"""Multiply-accumulates of a model package, counted from its stored graphs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath

import onnx
from onnx import helper, shape_inference

from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage
from latentpress.training.plan import training_of

__all__ = ["count_macs", "layer_macs", "macs_per_pixel"]

_SIDE = 256  # pixels of the square picture that is counted


def macs_per_pixel(package: ModelPackage) -> dict[str, float]:
    """Multiply-accumulates of all convolutions and matrices with a bias for each pixel of the picture, by network, and
    the sums for ``encoder`` and ``decoder``; most networks run in both. Each network is taken to run once.

    Raises InvalidInputError for a package whose card does not say which system was trained.
    """
    recipe = package.card.get("training", {}).get("recipe", {})
    if "codec" not in recipe:
        raise InvalidInputError(f"the card of {package.name} does not say what was trained")
    kind = training_of(recipe["codec"])
    counted = {}
    for file in package.files:
        if file.endswith(".onnx"):
            counted[PurePath(file).stem] = count_macs(package.files[file], kind.strides) / _SIDE**2
    sums = {}
    for side, other in (("encoder", "decoder"), ("decoder", "encoder")):
        sums[side] = sum(macs for name, macs in counted.items() if name not in kind.one_sided[other])
    return counted | sums


def count_macs(graph: bytes, strides: Mapping[str, float], side: int = _SIDE) -> int:
    """Multiply-accumulates of an ONNX graph on a square picture: the sum of `layer_macs`."""
    return sum(layer_macs(graph, strides, side).values())


def layer_macs(graph: bytes, strides: Mapping[str, float], side: int = _SIDE) -> dict[str, int]:
    """Multiply-accumulates of each layer of an ONNX graph on a square picture, by the name of its output. ``strides``:
    pixels of the picture's side for one of an input's, by its name; an input that is a matrix has a row for each place.
    """
    model = onnx.load_from_string(graph)
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if value.name in strides:
            length = round(side / strides[value.name])
            for axis, size in {2: {0: length**2}, 4: {2: length, 3: length}}[len(dims)].items():
                dims[axis].ClearField("dim_param")
                dims[axis].dim_value = size
    for output in model.graph.output:
        output.CopyFrom(helper.make_empty_tensor_value_info(output.name))
    inferred = shape_inference.infer_shapes(model, strict_mode=True)
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
    }
    shapes |= {t.name: list(t.dims) for t in inferred.graph.initializer}
    found = {}
    for node in inferred.graph.node:
        weight = shapes.get(node.input[1], []) if len(node.input) > 1 else []
        if node.op_type == "Conv":
            found[node.output[0]] = math.prod(weight[1:]) * math.prod(shapes[node.output[0]])
        elif node.op_type == "ConvTranspose":
            found[node.output[0]] = math.prod(weight[1:]) * math.prod(shapes[node.input[0]])
        elif node.op_type == "Gemm":
            found[node.output[0]] = shapes[node.output[0]][0] * math.prod(weight)
    return found
