"""8-bit layers: the integers of the layers that they stand for, whatever the shift and wherever a half lies."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from latentpress.engine import load, onnx
from latentpress.engine.graph import Graph, Node, Value
from latentpress.engine.octets import in_octets
from latentpress.engine.processor import multiplies_octets
from latentpress.models import find_model

exact = pytest.mark.skipif(not multiplies_octets(), reason="this processor has no exact 8-bit layers")


def layer(weight: np.ndarray, bias: np.ndarray, factor: float, low: float, high: float, **attributes: Any) -> bytes:
    """A graph of one integer layer over whole numbers 0..255."""
    graph = Graph.empty()
    numbers = {"one": 1, "factor": factor, "half": 0.5, "unit": 1 / 16, "low": low / 16, "high": high / 16}
    graph.constants = {name: np.array(number, np.float32) for name, number in numbers.items()}
    graph.constants |= {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
    graph.nodes = [
        Node("Cast", ["octets"], ["floats"]).with_ints(to=1),
        Node("Transpose", ["floats"], ["x"]).with_ints(perm=[0, 3, 1, 2]),
        Node("Conv", ["x", "weight", "bias"], ["sum"]).with_ints(kernel_shape=weight.shape[2:], **attributes),
        Node("Mul", ["sum", "factor"], ["shifted"]),
        Node("Add", ["shifted", "half"], ["raised"]),
        Node("Floor", ["raised"], ["whole"]),
        Node("Mul", ["whole", "unit"], ["result"]),
        Node("Clip", ["result", "low", "high"], ["y"]),
    ]
    channels = weight.shape[1] * attributes.get("group", 1)
    graph.inputs, graph.outputs = [Value("octets", (1, "h", "w", channels), "|u1")], [Value("y", (1, "n", "h", "w"))]
    return graph.write()


@exact
@pytest.mark.parametrize("shift", [-1, 0, 1, 7, 14, 15])
@pytest.mark.parametrize(("low", "high"), [(0, 255), (0, 100), (-127, 127), (-4096, 4096)])
def test_every_half_goes_up(shift: int, low: int, high: int) -> None:
    """Sums around all halves, also where factors are of 15 bits, which is too much for octets."""
    bias = np.arange(low - 3, high + 4)[:, None] * 2.0**shift + np.array([[-1, 0, 1]]) + np.floor(2.0 ** (shift - 1))
    bias = np.floor(bias).ravel()
    bias = bias[np.abs(bias) < 2**23]
    weight = np.full((len(bias), 1, 1, 1), 1.0)
    octets = np.array([[[[0], [1], [2]]]], np.uint8)
    graph = layer(weight, bias, 2.0**-shift, low, high)
    sums = bias[:, None, None] + octets[0, :, :, 0]
    expected = np.clip(np.floor(sums * 2.0**-shift + 0.5), low, high) / 16
    assert np.array_equal(load(graph, threads=1)(octets=octets)["y"][0], expected)


@exact
@pytest.mark.parametrize("group", [1, 8])
def test_layers_of_extremes(group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    weight = random.choice([-127, -1, 0, 1, 127], (8, 8 // group, 3, 3)) / 2.0 ** random.integers(0, 9, (8, 1, 1, 1))
    octets = random.choice([0, 1, 254, 255], (1, 5, 6, 8)).astype(np.uint8)
    graph = layer(weight, np.zeros(8), 1 / 16, 0, 255, group=group, pads=[1, 1, 1, 1])
    found = load(graph, threads=1)(octets=octets)["y"]
    monkeypatch.setattr(onnx, "multiplies_octets", lambda: False)
    assert np.array_equal(found, load(graph, threads=1)(octets=octets)["y"])


def test_entropy_networks_are_made_of_octets() -> None:
    for name, expected in (("hyper_synthesis", 7), ("context_3", 5)):
        graph = Graph(find_model("hyperprior").network(name))
        in_octets(graph)
        kinds = Counter(node.kind for node in graph.nodes)
        assert kinds["QLinearConv"] + kinds["MatMulIntegerToFloat"] >= expected
        assert kinds["Conv"] <= 3  # of hyper latents or values, which are no octets, and of features from elsewhere


def test_other_layers_stay_floats() -> None:
    for weight, half in ((np.full((1, 1, 1, 1), 200.0), 0.5), (np.full((1, 1, 1, 1), 1 / 3), 0.5)):
        graph = Graph(layer(weight, np.zeros(1), 1, 0, 255))
        in_octets(graph)
        assert [node.kind for node in graph.nodes if node.kind in ("Conv", "QLinearConv")] == ["Conv"], half


@exact
def test_wrong_sums_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as those of processors that cut off sums of two products."""
    session = ort.InferenceSession

    def cut_off(graph: bytes, *arguments: Any, **named: Any) -> SimpleNamespace:
        def run(names: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            first, *others = session(graph, *arguments, **named).run(names, given)
            return [np.minimum(first, 254), *others]

        return SimpleNamespace(run=run)

    monkeypatch.setattr(ort, "InferenceSession", cut_off)
    assert not multiplies_octets.__wrapped__()
