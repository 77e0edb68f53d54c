"""Effort: files searched for one picture are ordinary files that cost less at equal error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentpress import container
from latentpress.codecs import tiles
from latentpress.codecs.planes import to_planes
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.codecs.targets import psnr_of
from latentpress.errors import InvalidInputError, MissingExtraError, UnsupportedError
from latentpress.image import Image
from latentpress.systems.hyperprior import refine
from latentpress.systems.hyperprior.codec import HyperpriorCodec

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")


def cost(codec: HyperpriorCodec, image: Image, data: bytes) -> float:
    """log2 of rate + lambda * error, what the model was trained for."""
    rate = container.read_header(data).rate
    error = np.square(image.pixels.astype(float) - codec.decode(data).pixels).mean()
    return math.log2(8 * len(data) / (image.width * image.height) + refine._lambda(codec.model, rate) * error)


@pytest.fixture(scope="module")
def crop(photograph: Image) -> Image:
    return Image(photograph.pixels[:96, :112].copy())


@pytest.mark.parametrize("quality", [40, 70])
def test_a_search_pays(codec: HyperpriorCodec, crop: Image, quality: float) -> None:
    quick, slow = (HyperpriorCodec(threads=1, effort=effort).encode(crop, quality) for effort in (1, 4))
    assert container.read_header(slow) == container.read_header(quick)
    assert cost(codec, crop, slow) < cost(codec, crop, quick) - 0.01


def psnr(codec: HyperpriorCodec, image: Image, data: bytes) -> float:
    return psnr_of(image, codec.decode(data))


@pytest.mark.parametrize("quality", [8, 35])
def test_what_a_search_gains_is_bytes(codec: HyperpriorCodec, photograph: Image, quality: float) -> None:
    """Below the first anchor too, where errors count for less; and the error ends up near to what was asked."""
    image = Image(photograph.pixels[:192, :240].copy())
    quick, slow = (HyperpriorCodec(threads=1, effort=effort).encode(image, quality) for effort in (1, 5))
    assert len(slow) < 0.98 * len(quick)
    assert 0 <= psnr(codec, image, slow) - psnr(codec, image, quick) < 0.08


def test_the_error_comes_back_to_that_of_the_guess(codec: HyperpriorCodec, photograph: Image) -> None:
    """What an error costs is ruled by the error."""
    model, weight = codec.model, ROUNDING_WEIGHT
    planes = to_planes(photograph.pixels[:128, :128].copy(), model.stride)
    guess, whole = model.analysis(planes, 48), (slice(None), slice(None))
    found, its_weight = list(refine.refine(model, planes, guess, whole, 48, weight, (16,)))[-1]
    search = refine._Search(model, refine._graphs(model.package), torch.from_numpy(planes), 48, weight)
    around = torch.from_numpy(np.floor(guess + np.float32(0.5)))
    asked = search.at(guess, around, whole, 1.0)
    point = search.at(found, around, whole, its_weight / weight)
    assert point.error == pytest.approx(asked.error, rel=0.025)
    assert point.bits < 0.95 * asked.bits


@pytest.mark.parametrize(("level", "quality"), [(0, 0), (128, 50)])
def test_pictures_that_cost_nothing(codec: HyperpriorCodec, level: int, quality: float) -> None:
    flat = Image(np.full((32, 32, 3), level, np.uint8))
    quick, slow = (HyperpriorCodec(threads=1, effort=effort).encode(flat, quality) for effort in (1, 3))
    assert len(slow) <= len(quick)


@pytest.mark.parametrize("quality", [5, 70])
def test_effort_never_makes_a_file_larger_or_worse(codec: HyperpriorCodec, photograph: Image, quality: float) -> None:
    """At a fixed quality: no higher effort gives a larger file than a lower one, none a lower PSNR than effort 1."""
    y, x = np.mgrid[:30, :40]
    pictures = [
        Image(photograph.pixels[60:92, 90:138].copy()),
        Image(photograph.pixels[10:43, 20:71, 1:2].copy()),
        Image((((x // 9 + y // 7) % 2) * 200 + 20).astype(np.uint8)[..., None].repeat(3, axis=2)),
        Image((photograph.pixels[60:82, 90:122].astype(np.uint16) << 4), 12),
    ]
    for number, image in enumerate(pictures):
        files = [HyperpriorCodec(threads=1, effort=effort).encode(image, quality) for effort in (1, 2, 3)]
        sizes = [len(data) for data in files]
        assert sizes == sorted(sizes, reverse=True), number
        asked = psnr(codec, image, files[0])
        assert all(psnr(codec, image, data) >= asked for data in files[1:]), number


def test_so_with_tiles_and_alpha(codec: HyperpriorCodec, crop: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    alpha = np.where(np.indices(crop.pixels.shape[:2]).sum(axis=0) > 120, 255, 0).astype(np.uint8)
    for image in (crop, Image(np.dstack([crop.pixels, alpha]))):
        quick, slow = (HyperpriorCodec(threads=1, effort=effort).encode(image, 30) for effort in (1, 3))
        assert len(slow) <= len(quick)
        assert psnr(codec, image, slow) >= psnr(codec, image, quick)


def test_the_same_file_each_time(crop: Image) -> None:
    slow = HyperpriorCodec(threads=1, effort=2)
    assert slow.encode(crop, 30) == slow.encode(crop, 30)


def test_tiles_are_searched_with_their_neighbours_in_place(
    codec: HyperpriorCodec, crop: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    quick, slow = (HyperpriorCodec(threads=1, effort=effort).encode(crop, 50) for effort in (1, 4))
    assert cost(codec, crop, slow) < cost(codec, crop, quick)


@pytest.mark.parametrize("effort", [0, 10, 2.5, True])
def test_other_efforts_are_refused(effort: object) -> None:
    with pytest.raises(InvalidInputError, match="effort must be a whole number from 1 to 9"):
        HyperpriorCodec(effort=effort)  # type: ignore[arg-type]


def test_a_model_without_its_trade_off(codec: HyperpriorCodec, crop: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(codec.model.package.config, "lambda_low")
    with pytest.raises(UnsupportedError, match="does not say its trade-off"):
        HyperpriorCodec(threads=1, effort=2).encode(crop, 50)


def test_without_torch(codec: HyperpriorCodec, crop: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"\[train\]"):
        HyperpriorCodec(threads=1, effort=2).encode(crop, 50)
