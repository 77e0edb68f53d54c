"""The colour conversion in front of x265 and vvenc."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from latentpress.bench.coders.yuv import from_planes, plane_shapes, to_planes


@pytest.mark.parametrize("full_range", [True, False])
def test_every_kind_of_colour_comes_back_exactly_in_444(full_range: bool) -> None:
    rng = np.random.default_rng(0)
    corners = np.array(list(product((0, 1, 127, 128, 254, 255), repeat=3)), np.uint8)
    pixels = np.concatenate([corners, rng.integers(0, 256, (40000, 3), np.uint8)])[None]
    planes = to_planes(pixels, "444", full_range)
    assert all(plane.dtype == np.uint16 and plane.max() <= 1023 for plane in planes)
    assert np.array_equal(from_planes(planes, 3, full_range), pixels)


@pytest.mark.parametrize("chroma", ["400", "420", "444"])
@pytest.mark.parametrize("full_range", [True, False])
def test_every_gray_comes_back_exactly(chroma: str, full_range: bool) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    planes = to_planes(pixels, chroma, full_range)
    assert [plane.shape for plane in planes] == plane_shapes(16, 16, chroma)
    assert all((plane == 512).all() for plane in planes[1:])
    assert np.array_equal(from_planes(planes, 1, full_range), pixels)


def test_values_of_the_standard() -> None:
    """White, black, pure red and pure blue, as ITU-T H.273 (8.3) and BT.601 give them for ten bits."""
    pixels = np.array([[(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255)]], np.uint8)
    y, u, v = (plane[0].tolist() for plane in to_planes(pixels, "444", False))
    assert (y, u, v) == ([940, 64, 326, 164], [512, 512, 361, 960], [512, 512, 960, 439])
    y, u, v = (plane[0].tolist() for plane in to_planes(pixels, "444", True))
    assert (y, u, v) == ([1023, 0, 306, 117], [512, 512, 339, 1023], [512, 512, 1023, 429])


def test_flat_colours_come_back_exactly_in_420() -> None:
    for colour in [(200, 30, 90), (0, 255, 0), (12, 34, 56)]:
        pixels = np.broadcast_to(np.array(colour, np.uint8), (8, 10, 3))
        assert np.array_equal(from_planes(to_planes(pixels, "420", False), 3, False), pixels)


def test_a_colour_ramp_survives_420() -> None:
    """Linear interpolation about the right places gives a ramp back; chroma that sits elsewhere would shift it."""
    ramp = np.arange(64) * 3 + 30
    for axis in (0, 1):
        plane = np.broadcast_to(ramp if axis else ramp[:, None], (64, 64))
        pixels = np.stack([plane, np.full((64, 64), 120), 250 - plane], axis=2).astype(np.uint8)
        restored = from_planes(to_planes(pixels, "420", True), 3, True)
        inside = (slice(2, -2), slice(2, -2))
        assert np.abs(restored[inside].astype(int) - pixels[inside]).max() <= 1
