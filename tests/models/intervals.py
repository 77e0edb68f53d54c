"""Interval arithmetic over a stored network: how large any partial sum can get, whatever goes in.

Independent of `training.exactness`, which asks the layers that were trained: this reads the graph that is shipped. Each
array is known by its channels: the least and the largest value, a power of two that all values are multiples of, and
the largest magnitude of any partial sum since the last rounding. Engines may fold a factor or an offset behind a sum
into it, so sums are carried through those until they are rounded. A quotient of exact numbers is one operation that
IEEE 754 rounds in one way; its unit is 0 until it is rounded down, and no sum of several may have it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

__all__ = ["LIMIT", "Range", "largest_sums", "traced"]

LIMIT = 2**24
"""Whole numbers below this are exact in float32, whatever the order of summation."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """Values of the channels of an array, each field (channels,) or (1,)."""

    low: Floats
    high: Floats
    unit: Floats
    sums: Floats

    @classmethod
    def of(cls, low: float, high: float, unit: float) -> Range:
        """The same for every channel."""
        return cls(*(np.array([value], np.float64) for value in (low, high, unit, max(abs(low), abs(high)))))

    @property
    def size(self) -> Floats:
        """Largest magnitude."""
        return np.maximum(abs(self.low), abs(self.high))

    @property
    def whole(self) -> int:
        """Largest partial sum, counted in its unit."""
        return int((np.maximum(self.sums, self.size) / self.unit).max())

    def fresh(self) -> Range:
        """The same after rounding: no sum is open."""
        return replace(self, sums=self.size)


def unit_of(values: Floats) -> Floats:
    """For each row the largest power of two that all its numbers are multiples of."""
    rows = np.asarray(values, np.float64).reshape(len(values), -1)
    mantissa, exponent = np.frexp(rows)
    whole = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    lowest = np.ldexp((whole & -whole).astype(np.float64), exponent - 53)
    return np.where(rows == 0, 2.0**40, lowest).min(axis=1)


def largest_sums(graph: bytes, inputs: dict[str, Range]) -> dict[str, int]:
    """Largest partial sum of each node that adds, by name, in whole numbers; see `traced`."""
    return traced(graph, inputs)[0]


def traced(graph: bytes, inputs: dict[str, Range]) -> tuple[dict[str, int], dict[str, Range]]:
    """Largest partial sum of each node that adds, by name, in whole numbers, and the ranges of the outputs. Raises
    ValueError for an unknown operator, KeyError for an input whose range is not told.
    """
    model = onnx.load_from_string(graph).graph
    known: dict[str, Any] = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.initializer}
    known.update({value.name: inputs[value.name] for value in model.input if value.name not in known})
    widths = {value.name: value.type.tensor_type.shape.dim[1].dim_value for value in model.input}
    for name, value in list(known.items()):
        if isinstance(value, Range) and value.low.size == 1:  # channels count where arrays are joined or cut
            known[name] = Range(*(np.repeat(f, widths[name]) for f in (value.low, value.high, value.unit, value.sums)))
    found: dict[str, int] = {}
    for number, node in enumerate(model.node):
        options = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        values = [known[name] if name else None for name in node.input]
        out = _constant(node.op_type, options, values)
        if out is None:
            out = _run(node.op_type, options, values)
            if node.op_type in ("Conv", "MatMul", "Gemm", "Add", "Sub") and out.unit.all():
                found[node.name or f"{node.op_type} {number}"] = out.whole
        known[node.output[0]] = out
    return found, {value.name: known[value.name] for value in model.output}


def _constant(kind: str, options: dict[str, Any], values: list[Any]) -> Any:
    """What depends on constants alone, None for the rest."""
    if kind == "Constant":
        return numpy_helper.to_array(options["value"])
    if any(isinstance(value, Range) for value in values):
        return None
    if kind == "Identity":
        return values[0]
    if kind == "Cast":
        return values[0].astype(np.float32)
    if kind == "Mul":
        return values[0] * values[1]
    raise ValueError(f"operator {kind} on constants is not known here")


def _run(kind: str, options: dict[str, Any], values: list[Any]) -> Range:
    x = values[0]
    if kind == "Conv":
        weight = np.asarray(values[1], np.float64)
        assert weight.shape[2] == 1 or options["pads"][0] > 0  # zeros at the border are within the ranges below
        groups = options["group"]
        inside = np.arange(len(weight)) // (len(weight) // groups)
        columns = inside[:, None] * weight.shape[1] + np.arange(weight.shape[1])
        return _sum(x, columns, weight, values[2])
    if kind in ("MatMul", "Gemm"):
        weight = np.asarray(values[1], np.float64).T
        columns = np.broadcast_to(np.arange(weight.shape[1]), weight.shape[:2])
        return _sum(x, columns, weight[:, :, None, None], values[2] if kind == "Gemm" else np.zeros(len(weight)))
    if kind in ("Add", "Sub"):
        one, two = (value if isinstance(value, Range) else _as_range(value) for value in values)
        low, high = (
            (one.low + two.low, one.high + two.high) if kind == "Add" else (one.low - two.high, one.high - two.low)
        )
        return Range(low, high, np.minimum(one.unit, two.unit), one.sums + two.sums)
    if kind == "Mul" and all(isinstance(value, Range) for value in values):
        one, two = (value.fresh() for value in values)
        ends = [a * b for a in (one.low, one.high) for b in (two.low, two.high)]
        product = Range(np.minimum.reduce(ends), np.maximum.reduce(ends), one.unit * two.unit, one.size * two.size)
        assert max(x.whole, values[1].whole, product.whole) < LIMIT
        return product
    if kind == "Mul":
        x, factor = (values[1], values[0]) if isinstance(values[1], Range) else (values[0], values[1])
        by = _as_range(factor)
        ends = (x.low * by.low, x.high * by.high)
        return Range(np.minimum(*ends), np.maximum(*ends), x.unit * by.unit, x.sums * by.size)
    if kind == "Div":
        by = values[1] if isinstance(values[1], Range) else _as_range(values[1])
        assert by.low.min() > 0
        assert not x.unit.all() or max(x.whole, by.whole) < LIMIT  # a quotient, or of exact operands
        ends = [one / other for one in (x.low, x.high) for other in (by.low, by.high)]
        return Range(np.minimum.reduce(ends), np.maximum.reduce(ends), 0 * x.unit, x.size).fresh()
    if kind == "Floor":
        return Range(np.floor(x.low), np.floor(x.high), np.maximum(x.unit, 1.0), x.sums).fresh()
    if kind == "Abs":
        return Range(np.maximum(0, np.maximum(x.low, -x.high)), x.size, x.unit, x.sums)
    if kind == "Clip":
        least, most = (-np.inf if values[1] is None else float(values[1])), np.inf
        if len(values) > 2 and values[2] is not None:
            most = float(values[2])
        units = [unit_of(np.array([v])) for v in (least, most) if np.isfinite(v)]
        return Range(
            np.clip(x.low, least, most), np.clip(x.high, least, most), np.minimum(x.unit, min(units)), x.sums
        ).fresh()
    if kind == "DepthToSpace":
        block = options["blocksize"] ** 2
        assert options["mode"] == b"CRD"
        low, high, unit, sums = (f.reshape(-1, block) for f in (x.low, x.high, x.unit, x.sums))
        return Range(low.min(axis=1), high.max(axis=1), unit.min(axis=1), sums.max(axis=1))
    if kind == "Concat":
        assert options["axis"] == 1
        return Range(*(np.concatenate([getattr(v, f) for v in values]) for f in ("low", "high", "unit", "sums")))
    if kind == "Slice":
        assert values[3].tolist() == [1]
        part = slice(int(values[1][0]), int(values[2][0]))
        return Range(x.low[part], x.high[part], x.unit[part], x.sums[part])
    if kind == "Unsqueeze":  # a row of channels becomes a picture of one pixel
        return x
    raise ValueError(f"operator {kind} is not known here")


def _as_range(constant: NDArray[Any]) -> Range:
    value = np.atleast_1d(np.asarray(constant, np.float64)).ravel()
    return Range(value, value, unit_of(value[:, None]), abs(value))


def _sum(x: Range, columns: NDArray[np.intp], weight: Floats, bias: NDArray[Any]) -> Range:
    """Sums over the channels ``columns`` (out, in) of x, of which any may be zero (a border), with weights."""
    assert x.unit.all()
    assert len(x.low) == columns.max() + 1
    bias = np.asarray(bias, np.float64)
    taps, low, high = weight.reshape(*weight.shape[:2], -1), np.minimum(x.low, 0), np.maximum(x.high, 0)
    most = np.maximum(taps * high[columns][..., None], taps * low[columns][..., None]).sum(axis=(1, 2))
    least = np.minimum(taps * high[columns][..., None], taps * low[columns][..., None]).sum(axis=(1, 2))
    sums = (abs(taps) * x.size[columns][..., None]).sum(axis=(1, 2)) + abs(bias)
    unit = np.minimum(unit_of(weight) * x.unit[columns].min(axis=1), unit_of(bias[:, None]))
    return Range(least + bias, most + bias, unit, sums)
