"""Context networks that compute what their pass codes: the integers of the package's own graphs."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.mean_scale.layout import context_name
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.mean_scale.octets import with_octets
from latentpress.codecs.mean_scale.parameters import Parameters
from latentpress.codecs.mean_scale.places import CORRECTIONS, at_places
from latentpress.codecs.models import Running
from latentpress.codecs.orders import Checkerboard
from latentpress.engine import ENGINES, TorchNetwork
from latentpress.engine.graph import Graph
from latentpress.models import find_model

RANDOM = np.random.default_rng(11)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("height", "width"), [(6, 8), (5, 7), (1, 2), (1, 1)])
def test_the_same_integers_of_a_pass(engine: str, height: int, width: int) -> None:
    package = find_model("hyperprior", name="hyperprior-3")
    model = MeanScaleModel.open(package, Running(engine, 2 if engine == "onnx" else None))
    values = (RANDOM.integers(-(2**9), 2**9, (model.latents, height, width)) / 16).astype(np.float32)
    octets = RANDOM.integers(0, 256, (1, height, width, 192)).astype(np.uint8)
    features = model.floats(octets)
    assert np.array_equal(features * 32, octets.transpose(0, 3, 1, 2))
    known = model.nothing(height, width)
    for number, places in enumerate(model.order.positions(*values.shape), start=1):
        known.put(number, values.take(places))
    for number, places in enumerate(model.order.positions(*values.shape)[1:], start=2):
        assert CORRECTIONS in {value.name for value in Graph(model.graph(package, context_name(number))).outputs}
        plain = TorchNetwork(package.network(context_name(number)))(features=features, values=values[None])
        expected = Parameters(plain["mean"][0], plain["index"][0]).at(places)
        found = model.later(number, octets, known)
        assert np.array_equal(found.mean, expected.mean)
        assert np.array_equal(found.index, expected.index)


def test_other_graphs_stay_as_they_are() -> None:
    package = find_model("hyperprior")
    assert at_places(package.network("hyper_synthesis"), Checkerboard(4), 384, 2) is None
    assert at_places(package.network("synthesis"), Checkerboard(4), 384, 2) is None
    assert with_octets(package.network("synthesis"), {}) is None
    assert with_octets(package.network("hyper_synthesis"), {"context": package.network("synthesis")}) is None
