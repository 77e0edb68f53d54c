"""The exactness contract beyond files: entropy networks agree in every engine on inputs that no picture gives."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.mean_scale.layout import HYPER_LIMIT
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.systems.hyperprior.codec import HyperpriorCodec

pytest.importorskip("torch")
pytest.importorskip("onnx")

ENGINES = {
    "onnx, 2 threads": {"threads": 2},
    "torch, float32": {"engine": "torch"},
    "torch, float64": {"engine": "torch", "dtype": "float64"},
}


@pytest.fixture(scope="module", params=ENGINES)
def other(request: pytest.FixtureRequest) -> HyperpriorCodec:
    return HyperpriorCodec(**ENGINES[request.param])


def test_entropy_networks_agree_at_the_ends_of_their_range(codec: HyperpriorCodec, other: HyperpriorCodec) -> None:
    """Inputs that no picture gives, near the bound that the export proves."""
    rng = np.random.default_rng(0)
    one, two = codec.model, other.model
    for rate in (0, 9, one.last_rate):
        hyper = rng.choice([-HYPER_LIMIT, -7, 0, 7, HYPER_LIMIT], (one.hyper_latents, 3, 4)).astype(np.float32)
        a, b = (_entropy(model, hyper, rate) for model in (one, two))
        for left, right in zip(a, b, strict=True):
            assert np.array_equal(left, right)


def _entropy(model: MeanScaleModel, hyper: np.ndarray, rate: int) -> list[np.ndarray]:
    features, first = model.first(hyper, rate, 12, 16)
    shape = (model.latents, 12, 16)
    values = (np.random.default_rng(rate).integers(-(2**15), 2**15, shape) / 16).astype(np.float32)
    known, found = model.nothing(12, 16), list(first)
    for number, part in enumerate(model.order.split(values)[:-1], start=2):
        known.put(part)
        found.append(model.later(number, features, known))
    return [features, *(array for one in found for array in (one.mean, one.index))]
