"""The wavelet by networks: exact for any answers, the same as in training, no seams, smaller files than 5/3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs import get_codec, tiles
from latentpress.codecs.reversible import LEVELS
from latentpress.errors import UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.learned_lifting.codec import SILENT, LiftingModel
from latentpress.systems.learned_lifting.layout import BITS
from latentpress.systems.learned_lifting.wavelet import NetworkWavelet
from latentpress.transforms.lifting import CDF53, Pyramid

Run = Callable[[str, NDArray[np.float32]], NDArray[np.float32]]


def planes(depth: int) -> NDArray[np.int32]:
    return np.random.default_rng(depth).integers(-(2**depth), 2**depth, (3, 64, 96)).astype(np.int32)


@pytest.fixture
def installed() -> None:
    try:
        find_model("learned-lifting")
    except UnsupportedError:
        pytest.skip("the zoo is not installed")


@pytest.mark.parametrize("depth", [8, 12, 16])
def test_whatever_networks_answer_comes_back(depth: int) -> None:
    def wild(network: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
        assert np.abs(features).max() <= 255 / 2**BITS
        sums: NDArray[np.float32] = features.sum(axis=1, keepdims=True) * np.float32(7 if network == "predict" else -3)
        return np.asarray(np.floor(sums) / np.float32(2**BITS), np.float32)

    stage = Pyramid(NetworkWavelet(wild, depth), LEVELS)
    assert np.array_equal(stage.inverse(stage.forward(planes(depth))), planes(depth))


def test_silent_networks_are_the_5_3_wavelet() -> None:
    def silent(network: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
        return 0 * features[:, :1]

    found = Pyramid(NetworkWavelet(silent, 8), LEVELS).forward(planes(8))
    wanted = Pyramid(CDF53.__class__(CDF53.factors, CDF53.scale, reversible=True), LEVELS).forward(planes(8))
    assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_training_sees_the_same_bands() -> None:
    torch = pytest.importorskip("torch")
    from latentpress.parts.integer import set_integer
    from latentpress.systems.learned_lifting.net import Lifting, LiftingConfig

    torch.manual_seed(0)
    net = Lifting(LiftingConfig(predict=6, update=4))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.2)
    set_integer(net, True)

    def run(network: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            answers: NDArray[np.float32] = getattr(net, network)(torch.from_numpy(features)).numpy()
        return answers

    bands = Pyramid(NetworkWavelet(run, 8), LEVELS).forward(planes(8))
    with torch.no_grad():
        found = [band.numpy() for band in net.bands(torch.from_numpy(planes(8)).float(), LEVELS)]
    assert np.array_equal(found[-1], bands[0])
    for level in range(LEVELS):
        details = np.stack(found[3 * level : 3 * level + 3], axis=1)
        assert np.array_equal(details.reshape(bands[-1 - level].shape), bands[-1 - level])


@pytest.mark.usefixtures("installed")
def test_tiles_lose_nothing_and_show_no_seam(photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = get_codec("learned-lifting", threads=1)
    image = Image(photograph.pixels[:150].copy())
    whole = codec.exact(codec.encode(image))
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    data = codec.encode(image)
    assert codec.decode(data) == image
    assert whole  # of one tile; tiled files hold the same coefficients, in another order


@pytest.mark.usefixtures("installed")
def test_never_larger_than_by_the_5_3_wavelet(photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    def bad(self: LiftingModel, network: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ones_like(features[:, :1])

    monkeypatch.setattr(LiftingModel, "_answers", bad)
    image = Image(photograph.pixels[:64, :96].copy())
    codec = get_codec("learned-lifting", threads=1)
    data = codec.encode(image)
    assert container.read(data)[0].rate == image.bit_depth + SILENT
    assert len(data) == len(get_codec("ebcot-lossless").encode(image))
    monkeypatch.undo()
    assert codec.decode(data) == image
