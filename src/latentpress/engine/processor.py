"""Whether 8-bit layers are exact on this machine.

Processors without instructions for it add products of bytes in pairs of 16 bits, and ONNX Runtime lets them: large ones
are then cut off. There is no asking for that, so it is tried.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.engine.graph import Graph, Node, Value
from latentpress.engine.octets import MICROSOFT, shifts

__all__ = ["multiplies_octets"]

_PLACES, _CHANNELS, _SHIFTS = (5, 7), 51, 15


@functools.cache
def multiplies_octets() -> bool:
    """Whether ONNX Runtime's 8-bit layers give the sums and roundings that `in_octets` counts on, here."""
    import onnxruntime as ort

    octets = _numbers(0, 256, (1, *_PLACES, _CHANNELS)).astype(np.uint8)
    octets[:, 0] = 255
    bits = np.arange(4 * _SHIFTS) // 4
    largest = np.minimum(127, np.maximum(1, 2.0 ** (bits - 4))).astype(int)  # so that most results are in range
    weights = _numbers(-1, 2, (len(bits), _CHANNELS)) * largest[:, None]
    weights[-4:] = [[127], [-127], [127], [63]]
    around = _numbers(-127, 128, (_CHANNELS, 3, 3))
    around[::3] = 127
    graph = _graph(weights, bits, around)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        found = session.run(None, {"octets": octets})
    except Exception:  # a build without these layers
        return False
    sums = octets.astype(np.int64) @ weights.T
    padded = np.pad(octets.astype(np.int64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = _PLACES
    near = sum(
        padded[:, row : row + height, column : column + width] * around[:, row, column]
        for row in range(3)
        for column in range(3)
    )
    expected = (_shifted(sums, bits), _shifted(near, np.full(_CHANNELS, 8)), sums / 2**_SHIFTS)
    return all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def _numbers(low: int, high: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Whole numbers low..high - 1 without order; numpy.random would take longer to load than the trial takes."""
    mixed = np.arange(1, 1 + math.prod(shape), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)).astype(np.int64) % (high - low) + low).reshape(shape)


def _shifted(sums: Any, bits: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = np.clip(np.floor(sums / 2.0**bits + 0.5), 0, 255).astype(np.int64)
    return whole


def _graph(weights: NDArray[Any], bits: NDArray[Any], around: NDArray[Any]) -> bytes:
    """Three layers of the same octets: of single places, of places and those around, and one whose sums are floats."""
    graph = Graph.empty()
    graph.constants = {
        "one": np.array(1, np.float32),
        "zero": np.array(0, np.uint8),
        "weights": weights.astype(np.int8)[:, :, None, None],
        "turned": weights.T.astype(np.int8),
        "factors": shifts(bits),
        "zeros": np.zeros(len(weights), np.int8),
        "none": np.zeros(len(weights), np.int32),
        "around": around.astype(np.int8)[:, None],
        "factors around": shifts(np.full(len(around), 8)),
        "zeros around": np.zeros(len(around), np.int8),
        "none around": np.zeros(len(around), np.int32),
        "factor": np.full(len(weights), 2.0**-_SHIFTS, np.float32),
    }
    given = ["octets", "one", "zero"]
    layer = Node("QLinearConv", [*given, "weights", "factors", "zeros", "one", "zero", "none"], ["single"])
    near = ["around", "factors around", "zeros around", "one", "zero", "none around"]
    graph.nodes = [
        layer.with_ints(channels_last=1, kernel_shape=[1, 1]),
        Node("QLinearConv", [*given, *near], ["near"]).with_ints(
            channels_last=1, kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=len(around)
        ),
        Node("MatMulIntegerToFloat", ["octets", "turned", "one", "factor", "zero", "zeros"], ["sums"]),
    ]
    for node in graph.nodes:
        node.domain = MICROSOFT
    graph.inputs = [Value("octets", (1, *_PLACES, _CHANNELS), "|u1")]
    graph.outputs = [
        Value("single", (1, *_PLACES, len(weights)), "|u1"),
        Value("near", (1, *_PLACES, _CHANNELS), "|u1"),
        Value("sums", (1, *_PLACES, len(weights))),
    ]
    return graph.write()
