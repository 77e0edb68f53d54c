"""Entropy networks that work pass by pass: the integers of the package's own graphs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from latentpress.codecs.mean_scale.layout import HYPER_LIMIT, context_name
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.mean_scale.octets import give_features, take_octets
from latentpress.codecs.mean_scale.places import INDICES, MEANS, first_by_pass, later_by_pass
from latentpress.codecs.models import Running
from latentpress.engine import ENGINES, TorchNetwork, onnx
from latentpress.engine.graph import Graph
from latentpress.models import find_model

RANDOM = np.random.default_rng(11)
SIZES = [(6, 8), (5, 7), (4, 7), (5, 6), (1, 2), (1, 1)]


@pytest.fixture(scope="module", params=[*ENGINES, "onnx in floats"])
def model(request: pytest.FixtureRequest) -> Iterator[MeanScaleModel]:
    engine, *floats = request.param.split(" in ")
    with pytest.MonkeyPatch.context() as patch:
        if floats:  # as on processors without exact 8-bit layers
            patch.setattr(onnx, "multiplies_octets", lambda: False)
        package = find_model("hyperprior", name="hyperprior-3")
        yield MeanScaleModel(package, Running(engine, 2 if engine == "onnx" else None))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_same_integers_of_a_pass(model: MeanScaleModel, height: int, width: int) -> None:
    order, package = model.order, model.package
    values = (RANDOM.integers(-(2**9), 2**9, (model.latents, height, width)) / 16).astype(np.float32)
    octets = RANDOM.integers(0, 256, (1, height, width, 192)).astype(np.uint8)
    features = model.floats(octets)
    assert np.array_equal(features * 32, octets.transpose(0, 3, 1, 2))
    known = model.nothing(height, width)
    for number, part in enumerate(order.split(values)[:-1], start=2):
        graph = model.graph(package, context_name(number))
        assert isinstance(graph, Graph)
        assert {value.name for value in graph.outputs} == {MEANS, INDICES}
        known.put(part)
        before = order.join(order.split(values)[: number - 1], values.shape)
        assert np.array_equal(known.values, before)
        plain = TorchNetwork(package.network(context_name(number)))(features=features, values=before[None])
        found = model.later(number, octets, known)
        assert np.array_equal(found.mean, order.split(plain["mean"][0])[number - 1])
        assert np.array_equal(found.index, order.split(plain["index"][0])[number - 1])


@pytest.mark.parametrize(("height", "width"), [(8, 12), (5, 10), (7, 7), (1, 1)])
def test_the_same_integers_of_hyper_latents(model: MeanScaleModel, height: int, width: int) -> None:
    shape = model.hyper_latents, -(-height // 4), -(-width // 4)
    hyper = RANDOM.integers(-HYPER_LIMIT, HYPER_LIMIT + 1, shape).astype(np.float32)
    plain = TorchNetwork(model.package.network("hyper_synthesis"))(hyper=hyper[None], mix=model.mix(20))
    expected = {name: np.ascontiguousarray(array[:, :, :height, :width]) for name, array in plain.items()}
    features, parts = model.first(hyper, 20, height, width)
    assert np.array_equal(model.floats(features), expected["features"])
    for name in ("mean", "index"):
        for part, wanted in zip(parts, model.order.split(expected[name][0]), strict=True):
            assert np.array_equal(getattr(part, name), wanted)


def test_other_graphs_stay_as_they_are() -> None:
    package = find_model("hyperprior")
    for network in ("synthesis", "analysis"):
        assert give_features(Graph(package.network(network))) is None
        assert take_octets(Graph(package.network(network)), 1) is None
        assert not first_by_pass(Graph(package.network(network)), 384)
        assert not later_by_pass(Graph(package.network(network)), 384, 2)
    assert not first_by_pass(Graph(package.network("context")), 384)
    assert not later_by_pass(Graph(package.network("hyper_synthesis")), 384, 2)
