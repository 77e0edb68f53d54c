"""ONNX Runtime and torch on the same graphs: close where floats round, bit for bit where values are integers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentpress import engine
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError

onnx = pytest.importorskip("onnx")
pytest.importorskip("torch")
helper, numpy_helper, TensorProto = onnx.helper, onnx.numpy_helper, onnx.TensorProto

RNG = np.random.default_rng(0)


def model(
    nodes: list[Any],
    constants: dict[str, np.ndarray] | None = None,
    outputs: dict[str, int] | None = None,
    inputs: dict[str, int] | None = None,
) -> bytes:
    def values(types: dict[str, int]) -> list[Any]:
        return [helper.make_tensor_value_info(name, kind, None) for name, kind in types.items()]

    graph = helper.make_graph(
        nodes,
        "test",
        values(inputs or {"x": TensorProto.FLOAT}),
        values(outputs or {"y": TensorProto.FLOAT}),
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items() if name],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return made.SerializeToString()


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


X = floats(2, 8, 6, 10)


def node(op: str, extra: dict[str, np.ndarray] | None = None, **attributes: Any) -> bytes:
    """A graph of one node, whose further inputs are constants."""
    constants = extra or {}
    return model([helper.make_node(op, ["x", *constants], ["y"], **attributes)], constants)


CASES: dict[str, Callable[[], bytes]] = {
    **{
        op: (lambda op=op: node(op))
        for op in ("Abs", "Exp", "Floor", "Identity", "Neg", "Relu", "Sign", "Sigmoid", "Tanh")
    },
    "Sqrt": lambda: model([helper.make_node("Abs", ["x"], ["a"]), helper.make_node("Sqrt", ["a"], ["y"])]),
    "Log": lambda: model([helper.make_node("Exp", ["x"], ["e"]), helper.make_node("Log", ["e"], ["y"])]),
    **{
        op: (lambda op=op: node(op, {"b": floats(8, 1, 1) + np.float32(3)}))
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")
    },
    "conv 1x1": lambda: node("Conv", {"w": floats(5, 8, 1, 1), "b": floats(5)}),
    "conv 3x3": lambda: node("Conv", {"w": floats(5, 8, 3, 3)}, pads=[1, 1, 1, 1]),
    "conv strided": lambda: node("Conv", {"w": floats(4, 8, 3, 3)}, pads=[0, 1, 1, 0], strides=[2, 2]),
    "conv dilated": lambda: node("Conv", {"w": floats(4, 8, 3, 3)}, dilations=[2, 2], pads=[2, 2, 2, 2]),
    "conv depth-wise": lambda: node("Conv", {"w": floats(8, 1, 5, 5), "b": floats(8)}, group=8, pads=[2, 2, 2, 2]),
    "conv transposed": lambda: node(
        "ConvTranspose",
        {"w": floats(8, 3, 5, 5), "b": floats(3)},
        pads=[2, 2, 2, 2],
        strides=[2, 2],
        output_padding=[1, 1],
    ),
    "conv grouped": lambda: node("Conv", {"w": floats(6, 4, 3, 1)}, group=2, pads=[1, 0, 1, 0]),
    "leaky": lambda: node("LeakyRelu", alpha=0.1),
    "clip": lambda: node("Clip", {"low": np.float32(-0.5), "high": np.float32(0.25)}),
    "clip low": lambda: node("Clip", {"low": np.float32(-0.5)}),
    "shuffle DCR": lambda: node("DepthToSpace", blocksize=2, mode="DCR"),
    "shuffle CRD": lambda: node("DepthToSpace", blocksize=2, mode="CRD"),
    "unshuffle": lambda: node("SpaceToDepth", blocksize=2),
    "concat": lambda: node("Concat", {"b": floats(2, 3, 6, 10)}, axis=1),
    "slice": lambda: node("Slice", {"s": ints(1, -9), "e": ints(100, -1), "a": ints(1, -1), "t": ints(1, 2)}),
    "slice plain": lambda: node("Slice", {"s": ints(0, 2), "e": ints(1, 2**62)}),
    "pad constant": lambda: node("Pad", {"p": ints(0, 1, 2, 3, 0, 0, 1, 2), "v": np.float32(7)}),
    "pad edge": lambda: node("Pad", {"p": ints(0, 0, 2, 3, 0, 0, 9, 12)}, mode="edge"),
    "pad reflect": lambda: node("Pad", {"p": ints(0, 0, 2, 3, 0, 0, 1, 2)}, mode="reflect"),
    "pad axes": lambda: node("Pad", {"p": ints(2, 3, 1, 2), "": np.float32(0), "a": ints(-2, -1)}, mode="edge"),
    "flatten": lambda: node("Flatten", axis=2),
    "reshape": lambda: node("Reshape", {"s": ints(0, -1, 20)}),
    "transpose": lambda: node("Transpose", perm=[0, 2, 3, 1]),
    "transpose plain": lambda: node("Transpose"),
    "unsqueeze": lambda: node("Unsqueeze", {"a": ints(1, -1)}),
    "squeeze": lambda: model(
        [helper.make_node("Unsqueeze", ["x", "a"], ["u"]), helper.make_node("Squeeze", ["u", "a"], ["y"])],
        {"a": ints(1, 3)},
    ),
    "reduce max": lambda: node("ReduceMax", {"a": ints(1, -1)}),
    "reduce max of all": lambda: node("ReduceMax", keepdims=0),
    "gather": lambda: node("Gather", {"i": ints(3, -1, 0)}, axis=1),
    "matmul": lambda: node("MatMul", {"w": floats(10, 4)}),
    "gemm": lambda: model(
        [
            helper.make_node("Reshape", ["x", "s"], ["m"]),
            helper.make_node("Gemm", ["m", "w", "c"], ["y"], transB=1, alpha=0.5, beta=2.0),
        ],
        {"s": ints(-1, 10), "w": floats(4, 10), "c": floats(4)},
    ),
    "split": lambda: model(
        [
            helper.make_node("Split", ["x", "s"], ["a", "b"], axis=1),
            helper.make_node("Split", ["b"], ["c", "d"], axis=1, num_outputs=2),
            helper.make_node("Concat", ["d", "a", "c"], ["y"], axis=1),
        ],
        {"s": ints(2, 6)},
    ),
    "where": lambda: model(
        [
            helper.make_node("Relu", ["x"], ["r"]),
            helper.make_node("Cast", ["r"], ["m"], to=TensorProto.BOOL),
            helper.make_node("Where", ["m", "x", "c"], ["y"]),
        ],
        {"c": np.float32(-4)},
    ),
    "shape arithmetic": lambda: model(
        [
            helper.make_node("Shape", ["x"], ["s"], start=1),
            helper.make_node("Constant", [], ["one"], value_ints=[1]),
            helper.make_node("Concat", ["one", "s", "one"], ["t"], axis=0),
            helper.make_node("Slice", ["x", "zero", "one"], ["f"]),
            helper.make_node("Reshape", ["f", "t"], ["y"]),
        ],
        {"zero": ints(0)},
    ),
    "float16 and int8 weights": lambda: model(
        [
            helper.make_node("Cast", ["w8"], ["w32"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["g16"], ["g32"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["w32", "g32"], ["w"]),
            helper.make_node("Conv", ["x", "w"], ["y"]),
        ],
        {"w8": RNG.integers(-9, 10, (4, 8, 1, 1)).astype(np.int8), "g16": floats(4, 1, 1, 1).astype(np.float16)},
    ),
    "cast to int and back": lambda: model(
        [
            helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT32),
            helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
            helper.make_node("Cast", ["i"], ["j"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["h"], ["k"], to=TensorProto.FLOAT),
            helper.make_node("Add", ["j", "k"], ["y"]),
        ]
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_operators_agree(case: str) -> None:
    graph = CASES[case]()
    expected = engine.load(graph, "onnx", threads=1)(x=X)["y"]
    for dtype in ("float32", "float64"):
        got = engine.load(graph, "torch", dtype=dtype)(x=X)["y"]
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def integer_graph(rng: np.random.Generator) -> bytes:
    """Layers of 8-bit weights on 8-bit activations, each followed by floor(x / 2^k + 1/2) and a clamp."""
    nodes, constants = [], {"half": np.float32(0.5), "low": np.float32(-128), "high": np.float32(127)}
    shapes = [(64, 64, 1, 1, 1), (64, 1, 3, 3, 64), (512, 64, 1, 1, 1), (48, 512, 1, 1, 1), (48, 48, 3, 3, 1)]
    name = "x"
    for i, (out, per_group, kh, kw, group) in enumerate(shapes):
        # The shift is a power of two; half of the layers write it as a product, half as a quotient.
        constants[f"w{i}"] = rng.integers(-127, 128, (out, per_group, kh, kw)).astype(np.float16 if i % 2 else np.int8)
        constants[f"b{i}"] = rng.integers(-5000, 5000, out).astype(np.float32)
        shift = round(float(np.log2(30 * np.sqrt(per_group * kh * kw))))
        constants[f"s{i}"] = np.float32(2.0 ** (-shift if i % 2 else shift))
        nodes += [
            helper.make_node("Cast", [f"w{i}"], [f"f{i}"], to=TensorProto.FLOAT),
            helper.make_node("Conv", [name, f"f{i}", f"b{i}"], [f"c{i}"], group=group, pads=[kh // 2, kw // 2] * 2),
            helper.make_node("Mul" if i % 2 else "Div", [f"c{i}", f"s{i}"], [f"d{i}"]),
            helper.make_node("Add", [f"d{i}", "half"], [f"e{i}"]),
            helper.make_node("Floor", [f"e{i}"], [f"g{i}"]),
            helper.make_node("Clip", [f"g{i}", "low", "high"], [f"h{i}"]),
            helper.make_node("Relu" if i == 2 else "Identity", [f"h{i}"], ["y" if i == len(shapes) - 1 else f"o{i}"]),
        ]
        name = f"o{i}"
    return model(nodes, constants)


def test_integer_graphs_agree_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    graph = integer_graph(rng)
    for shape in ((1, 64, 1, 1), (1, 64, 17, 23), (1, 64, 48, 64)):
        x = rng.integers(-128, 128, shape).astype(np.float32)
        results = [engine.load(graph, "onnx", threads=threads)(x=x)["y"] for threads in (1, 2, None)]
        results += [engine.load(graph, "torch", dtype=dtype)(x=x)["y"] for dtype in ("float32", "float64")]
        assert len(np.unique(results[0])) > (10 if x.size < 100 else 100)
        for result in results:
            assert result.tobytes() == results[0].tobytes()


def test_several_inputs_and_outputs() -> None:
    graph = model(
        [
            helper.make_node("Add", ["a", "b"], ["sum"]),
            helper.make_node("Cast", ["sum"], ["whole"], to=TensorProto.INT32),
        ],
        inputs={"a": TensorProto.FLOAT, "b": TensorProto.FLOAT},
        outputs={"sum": TensorProto.FLOAT, "whole": TensorProto.INT32},
    )
    for name in engine.ENGINES:
        network = engine.load(graph, name)
        assert network.input_names == ("a", "b")
        assert network.output_names == ("sum", "whole")
        result = network(a=np.full((2, 3), 1.5, np.float32), b=np.ones((1, 3), np.float32))
        np.testing.assert_array_equal(result["sum"], np.full((2, 3), 2.5))
        np.testing.assert_array_equal(result["whole"], np.full((2, 3), 2))
        assert result["whole"].dtype == np.int32
        with pytest.raises(InvalidInputError, match="takes a, b; got a"):
            network(a=np.zeros(1, np.float32))


@pytest.mark.parametrize("name", engine.ENGINES)
def test_what_is_no_graph_is_refused(name: str) -> None:
    for garbage in (b"", b"\x00\xff garbage", node("Relu")[:40]):
        with pytest.raises(CorruptFileError, match="cannot be loaded"):
            engine.load(garbage, name)


@pytest.mark.parametrize("name", engine.ENGINES)
def test_inputs_that_do_not_fit_are_refused(name: str) -> None:
    network = engine.load(node("Conv", {"w": floats(5, 8, 1, 1)}), name)
    with pytest.raises(InvalidInputError, match="refuses its input"):
        network(x=floats(1, 7, 4, 4))


def test_unknown_operators_are_named() -> None:
    with pytest.raises(UnsupportedError, match="operator Erf"):
        engine.load(node("Erf"), "torch")
    with pytest.raises(UnsupportedError, match="explicit pads"):
        engine.load(node("Conv", {"w": floats(4, 8, 3, 3)}, auto_pad="SAME_UPPER"), "torch")(x=X)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"engine": "tensorflow"}, "no engine 'tensorflow'"),
        ({"engine": "onnx", "dtype": "float64"}, "float32"),
        ({"engine": "onnx", "threads": 0}, "from 1 to"),
        ({"engine": "torch", "threads": 2}, "no thread count"),
        ({"engine": "torch", "dtype": "float16"}, "float32 or float64"),
        ({"engine": "torch", "device": "toaster"}, "no device 'toaster'"),
    ],
)
def test_impossible_choices_are_refused(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        engine.load(node("Relu"), **arguments)


def test_import_is_light() -> None:
    script = "import sys, latentpress.engine; print([m for m in ('torch', 'onnx', 'onnxruntime') if m in sys.modules])"
    path = os.pathsep.join(sys.path)  # the package may come from the source tree
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.stdout.strip() == "[]"


def test_the_engine_reports_to_nobody(tmp_path: Path) -> None:
    """ONNX Runtime's telemetry would leave its session file in the folder for temporary files."""
    code = (
        "import numpy as np, latentpress\n"
        "latentpress.compress(np.zeros((16, 16, 3), np.uint8))\n"
        "import onnxruntime\n"  # what another part of the program may do later
    )
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not any(tmp_path.iterdir())
