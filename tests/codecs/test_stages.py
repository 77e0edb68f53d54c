"""Stages: way and way back, against independent implementations where there are any."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from latentpress.codecs.stages import DeadZone, Divide, Each, Join, Stage, chain
from latentpress.transforms import Blocks, Linear, Pad, Reorder, Subsample, ToYcc, dct_matrix, separable, zigzag
from latentpress.transforms.jpeg_tables import STANDARD_CHROMA, STANDARD_LUMA

PLANES = np.random.default_rng(0).integers(0, 256, (3, 21, 34)).astype(np.float32)
DCT = Linear(separable(dct_matrix()))


@pytest.mark.parametrize(
    ("stage", "x", "error"),
    [
        (ToYcc(), PLANES, 2e-3),
        (Subsample(2, 1), PLANES[:, :20].repeat(2, axis=1), 0),
        (Pad(21, 34, 16), PLANES, 0),
        (Blocks(2, (3,)), PLANES[:, :20], 0),
        (Blocks(5), PLANES[0, :20, :30], 0),
        (chain(Blocks(8), DCT), PLANES[0, :16, :32], 1e-3),
        (Reorder(zigzag(5)), np.arange(50).reshape(2, 25), 0),
        (chain(Each(Divide(2.0), Divide(3.0), Divide(4.0)), Join(3)), PLANES, 1e-4),
        (Divide(np.arange(1, 35, dtype=np.float32)), PLANES, 1e-4),
        (DeadZone(), PLANES - 128, 0),
        (chain(), PLANES, 0),
    ],
)
def test_the_way_back(stage: Stage[Any, Any], x: Any, error: float) -> None:
    there = stage.forward(x)
    assert np.abs(np.asarray(stage.inverse(there)) - x).max() <= error


def test_a_chain_goes_back_in_reverse() -> None:
    halves = chain(Divide(2.0), DeadZone())
    assert halves.forward(np.float32([3, -5, 0.9])).tolist() == [2, -3, 0]
    assert halves.inverse(np.int32([2, -3, 0])).tolist() == [4, -6, 0]


@pytest.mark.parametrize("rounding", [0.5, 1 / 3, 0.1])
def test_the_error_of_a_dead_zone(rounding: float) -> None:
    x = np.linspace(-4, 4, 2001, dtype=np.float32)
    error = np.abs(DeadZone(rounding).inverse(DeadZone(rounding).forward(x)) - x)
    assert error.max() <= 1 - rounding + 1e-6
    assert np.isclose(np.abs(x[DeadZone(rounding).forward(x) != 0]).min(), 1 - rounding, atol=5e-3)


def test_the_dct_of_blocks_is_that_of_scipy() -> None:
    fft = pytest.importorskip("scipy.fft")
    block = PLANES[0, 8:16, 16:24]
    ours = chain(Blocks(8), DCT).forward(PLANES[0, :16, :32])[1, 2]
    np.testing.assert_allclose(ours.reshape(8, 8), fft.dctn(block, norm="ortho"), atol=1e-3)


def test_colours_are_those_of_pillow() -> None:
    pixels = PLANES.transpose(1, 2, 0).astype(np.uint8)
    theirs = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(np.float32) - 128
    assert np.abs(ToYcc().forward(PLANES).transpose(1, 2, 0) - theirs).max() < 1.01  # Pillow cuts fractions off


def test_zigzag_is_that_of_the_standard() -> None:
    first = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7]
    order = zigzag(8)
    assert order[: len(first)].tolist() == first
    assert (order + order[::-1] == 63).all()  # point symmetric


def test_stages_of_jpeg_give_the_picture_of_jpeg() -> None:
    """The same steps and subsampling as libjpeg: the same picture, but for its integer DCT and smoothed chroma."""
    y, x = np.mgrid[:64, :96]
    pixels = np.stack([128 + 90 * np.sin(x / 9 + c) * np.cos(y / (11 + c)) for c in range(3)], axis=-1).astype(np.uint8)

    def plane(steps: Any) -> Stage[Any, Any]:
        return chain(Blocks(8), DCT, Divide(np.float32(steps).ravel()), DeadZone(), Reorder(zigzag(8)))

    luma, chroma = plane(STANDARD_LUMA), plane(STANDARD_CHROMA)
    jpeg = chain(Pad(64, 96, 16), ToYcc(), Subsample(), Each(luma, chroma, chroma))
    ours = jpeg.inverse(jpeg.forward(pixels.transpose(2, 0, 1).astype(np.float32)))
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=50, subsampling="4:2:0")
    theirs = np.asarray(Image.open(stream)).transpose(2, 0, 1)
    difference = np.clip(ours, 0, 255) - theirs
    assert np.abs(ToYcc().forward(difference + 128)[0]).mean() < 0.5
    assert np.abs(difference).mean() < 2.5
