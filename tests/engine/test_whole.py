"""Integer layers with fewer passes: the same integers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from latentpress.engine import TorchNetwork, load, onnx
from latentpress.engine.graph import Graph
from latentpress.engine.processor import multiplies_octets
from latentpress.engine.whole import lean
from latentpress.models import ModelPackage, find_model, installed_models

NETWORKS = ("hyper_synthesis", "context", "context_3", "context_4")


def extreme(name: str, size: tuple[int, int, int], random: np.random.Generator) -> np.ndarray:
    """What may come into a network, the largest values often."""
    if name == "mix":
        return np.eye(1, size[0], random.integers(size[0]), dtype=np.float32)
    largest = {"hyper": 63, "features": 255, "values": 2**15}[name]
    low = 0 if name == "features" else -largest
    whole = random.integers(low, largest + 1, (1, *size)) // random.choice([1, 1, 16, 200], (1, *size))
    return (whole / {"hyper": 1, "features": 32, "values": 16}[name]).astype(np.float32)


@pytest.mark.parametrize("octets", [False, True], ids=["floats", "octets"])
@pytest.mark.parametrize("package", installed_models("hyperprior"), ids=lambda package: package.name)
def test_the_same_integers(package: ModelPackage, octets: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if octets and not multiplies_octets():
        pytest.skip("this processor has no exact 8-bit layers")
    monkeypatch.setattr(onnx, "multiplies_octets", lambda: octets)
    random = np.random.default_rng(3)
    for name in (name for name in NETWORKS if f"{name}.onnx" in package.files):
        graph = package.network(name)
        given = {value.name: value.shape for value in Graph(graph).inputs}
        quick, plain = load(graph, threads=2), TorchNetwork(graph)
        for _ in range(3):
            inputs = {key: extreme(key, (int(shape[1]), 6, 7), random) for key, shape in given.items()}
            expected = plain(**inputs)
            for key, array in quick(**inputs).items():
                assert np.array_equal(array, expected[key]), (name, key)


def test_passes_are_saved() -> None:
    graph = find_model("hyperprior").network("context")
    before, after = (Counter(node.kind for node in Graph(one).nodes) for one in (graph, lean(graph)))
    weights = after["Conv"]  # each has a factor on its weights and on its bias, which are worked out once
    assert before["Conv"] == after["Conv"]
    assert after["Floor"] == before["Floor"]
    assert before["Add"] - (after["Add"] - weights) == 8
    assert before["Mul"] - (after["Mul"] - 2 * weights) >= 12
    assert before["Clip"] - after["Clip"] == 2


def test_other_networks_stay_as_they_are() -> None:
    graph = find_model("hyperprior").network("synthesis")
    assert lean(graph) is graph
