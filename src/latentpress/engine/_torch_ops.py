"""The ONNX operators that the torch engine knows, each as a small function on tensors.

Only loaded when a `TorchNetwork` is made. All floating-point values are in the network's one type; integers (shapes,
indices) are int64. Meanings: https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto
from torch import Tensor

from latentpress.errors import UnsupportedError

__all__ = ["OPERATORS", "Node"]


class Node:
    """One node of a graph: names in, names out, and what happens between."""

    def __init__(self, proto: onnx.NodeProto, dtype: torch.dtype, device: torch.device) -> None:
        self.inputs = tuple(proto.input)
        self.outputs = tuple(proto.output)
        self.dtype = dtype
        self.device = device
        self.attributes = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}
        self._operator = OPERATORS[proto.op_type]

    def get(self, name: str, default: Any) -> Any:
        """An attribute; strings come as str."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def run(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The node's outputs by name."""
        result = self._operator(self, *(values[name] if name else None for name in self.inputs))
        results = result if isinstance(result, tuple) else (result,)
        return dict(zip(self.outputs, results, strict=True))


def _ints(tensor: Tensor) -> list[int]:
    return [int(v) for v in tensor.tolist()]


def _conv(node: Node, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    if x.dim() != 4:
        raise UnsupportedError(f"the torch engine knows Conv on 4-D arrays, not on {x.dim()}-D ones")
    if node.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise UnsupportedError("the torch engine knows Conv with explicit pads only")
    top, left, bottom, right = node.get("pads", [0, 0, 0, 0])
    if (top, left) != (bottom, right):
        x = F.pad(x, (left, right, top, bottom))
        top = left = 0
    strides, dilations = node.get("strides", [1, 1]), node.get("dilations", [1, 1])
    return F.conv2d(x, weight, bias, strides, (top, left), dilations, node.get("group", 1))


def _conv_transpose(node: Node, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    top, left, bottom, right = node.get("pads", [0, 0, 0, 0])
    explicit = node.get("auto_pad", "NOTSET") == "NOTSET" and node.get("output_shape", None) is None
    if x.dim() != 4 or (top, left) != (bottom, right) or not explicit:
        raise UnsupportedError("the torch engine knows ConvTranspose on 4-D arrays with equal, explicit pads only")
    strides, dilations, more = (
        node.get(name, [n, n]) for name, n in (("strides", 1), ("dilations", 1), ("output_padding", 0))
    )
    return F.conv_transpose2d(x, weight, bias, strides, (top, left), more, node.get("group", 1), dilations)


def _gemm(node: Node, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a = a.T if node.get("transA", 0) else a
    b = b.T if node.get("transB", 0) else b
    y: Tensor = (a @ b) * node.get("alpha", 1.0)
    return y if c is None else y + c * node.get("beta", 1.0)


def _depth_to_space(node: Node, x: Tensor) -> Tensor:
    s = node.get("blocksize", None)
    if node.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, s)
    n, c, h, w = x.shape
    blocks = x.reshape(n, s, s, c // (s * s), h, w).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, c // (s * s), h * s, w * s)


def _space_to_depth(node: Node, x: Tensor) -> Tensor:
    s = node.get("blocksize", None)
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // s, s, w // s, s).permute(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * s * s, h // s, w // s)


def _pad(node: Node, x: Tensor, pads: Tensor, value: Tensor | None = None, axes: Tensor | None = None) -> Tensor:
    widths = _ints(pads)
    given = range(x.dim()) if axes is None else [a % x.dim() for a in _ints(axes)]
    before, after = [0] * x.dim(), [0] * x.dim()
    for i, axis in enumerate(given):
        before[axis], after[axis] = widths[i], widths[i + len(given)]
    flat = [w for axis in reversed(range(x.dim())) for w in (before[axis], after[axis])]
    mode = node.get("mode", "constant")
    if mode == "constant":
        return F.pad(x, flat, value=0.0 if value is None else float(value))
    if mode not in ("edge", "reflect") or x.dim() != 4 or any(flat[4:]):
        raise UnsupportedError(f"the torch engine knows no {mode} Pad on these axes")
    return F.pad(x, flat[:4], mode="replicate" if mode == "edge" else "reflect")


def _slice(
    node: Node, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    where = [slice(None)] * x.dim()
    counted = range(starts.numel()) if axes is None else _ints(axes)
    strides = [1] * starts.numel() if steps is None else _ints(steps)
    for axis, start, end, step in zip(counted, _ints(starts), _ints(ends), strides, strict=True):
        if step < 1:
            raise UnsupportedError("the torch engine knows Slice with positive steps only")
        where[axis % x.dim()] = slice(start, end, step)
    return x[tuple(where)]


def _split(node: Node, x: Tensor, sizes: Tensor | None = None) -> tuple[Tensor, ...]:
    axis = node.get("axis", 0)
    parts = len(node.outputs)
    return torch.split(x, math.ceil(x.shape[axis] / parts) if sizes is None else _ints(sizes), dim=axis)


def _cast(node: Node, x: Tensor) -> Tensor:
    to = node.get("to", None)
    if to in (TensorProto.FLOAT, TensorProto.DOUBLE):
        return x.to(node.dtype)
    if to == TensorProto.FLOAT16:
        return x.to(torch.float16).to(node.dtype)  # rounded as a float16, kept in the network's type
    if to in _INTEGERS:
        return x.to(_INTEGERS[to])
    raise UnsupportedError(f"the torch engine knows no Cast to {TensorProto.DataType.Name(to)}")


_INTEGERS = {
    TensorProto.INT8: torch.int8,
    TensorProto.UINT8: torch.uint8,
    TensorProto.UINT8: torch.uint8,
    TensorProto.INT32: torch.int32,
    TensorProto.INT64: torch.int64,
    TensorProto.BOOL: torch.bool,
}


def _constant(node: Node) -> Tensor:
    (name, value), *_ = node.attributes.items()
    if name == "value":
        tensor = torch.from_numpy(onnx.numpy_helper.to_array(value).copy())
    elif name in ("value_float", "value_floats", "value_int", "value_ints"):
        tensor = torch.tensor(value)
    else:
        raise UnsupportedError(f"the torch engine knows no Constant with {name}")
    return tensor.to(node.device, node.dtype if tensor.is_floating_point() else None)


def _reshape(node: Node, x: Tensor, shape: Tensor) -> Tensor:
    sizes = _ints(shape)
    if not node.get("allowzero", 0):
        sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    return x.reshape(sizes)


def _shape(node: Node, x: Tensor) -> Tensor:
    return torch.tensor(x.shape[node.get("start", 0) : node.get("end", None)], device=node.device)


def _gather(node: Node, x: Tensor, indices: Tensor) -> Tensor:
    axis = node.get("axis", 0) % x.dim()
    index = indices.long() % x.shape[axis]  # negative ones count from the end
    return x.index_select(axis, index.reshape(-1)).reshape(x.shape[:axis] + index.shape + x.shape[axis + 1 :])


def _reduce_max(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    given = node.get("axes", range(x.dim())) if axes is None else _ints(axes)  # an attribute before operator set 18
    return x.amax(dim=tuple(given), keepdim=bool(node.get("keepdims", 1)))


def _reduce_sum(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    given = node.get("axes", range(x.dim())) if axes is None else _ints(axes)
    return x.sum(dim=tuple(given), keepdim=bool(node.get("keepdims", 1)))


def _squeeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(tuple(_ints(axes)))


def _unsqueeze(node: Node, x: Tensor, axes: Tensor) -> Tensor:
    rank = x.dim() + axes.numel()
    for axis in sorted(a % rank for a in _ints(axes)):
        x = x.unsqueeze(axis)
    return x


class _Floor(torch.autograd.Function):
    """Floor whose gradient passes as if it were not there: its own is zero, and would hide all that lies before it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.floor()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def _floor(node: Node, x: Tensor) -> Tensor:
    result: Tensor = _Floor.apply(x)  # type: ignore[no-untyped-call]  # torch's own
    return result


OPERATORS: dict[str, Callable[..., Tensor | tuple[Tensor, ...]]] = {
    "Abs": lambda node, x: x.abs(),
    "Add": lambda node, a, b: a + b,
    "Cast": _cast,
    "Clip": lambda node, x, low=None, high=None: x.clamp(low, high),
    "Concat": lambda node, *xs: torch.cat(xs, node.get("axis", 0)),
    "Constant": _constant,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
    "Div": lambda node, a, b: a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc"),
    "Exp": lambda node, x: x.exp(),
    "Flatten": lambda node, x: x.reshape(math.prod(x.shape[: node.get("axis", 1)]), -1),
    "Floor": _floor,
    "Gather": _gather,
    "Gemm": _gemm,
    "Identity": lambda node, x: x,
    "LeakyRelu": lambda node, x: F.leaky_relu(x, node.get("alpha", 0.01)),
    "Log": lambda node, x: x.log(),
    "MatMul": lambda node, a, b: a @ b,
    "Max": lambda node, a, b: torch.maximum(a, b),
    "Min": lambda node, a, b: torch.minimum(a, b),
    "Mul": lambda node, a, b: a * b,
    "Neg": lambda node, x: -x,
    "Pad": _pad,
    "ReduceMax": _reduce_max,
    "ReduceSum": _reduce_sum,
    "Relu": lambda node, x: x.relu(),
    "Reshape": _reshape,
    "Shape": _shape,
    "Sigmoid": lambda node, x: x.sigmoid(),
    "Sign": lambda node, x: x.sign(),
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Sqrt": lambda node, x: x.sqrt(),
    "Squeeze": _squeeze,
    "Sub": lambda node, a, b: a - b,
    "Tanh": lambda node, x: x.tanh(),
    "Transpose": lambda node, x: x.permute(node.get("perm", list(reversed(range(x.dim()))))),
    "Unsqueeze": _unsqueeze,
    "Where": lambda node, condition, a, b: torch.where(condition, a, b),
}
