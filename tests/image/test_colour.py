"""The reversible colour transform, on every colour there is."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.image.colour import rgb_to_yuv, yuv_to_rgb


@pytest.mark.parametrize("part", range(8))
def test_every_colour_comes_back(part: int) -> None:
    red, green, blue = np.meshgrid(np.arange(part * 32, part * 32 + 32), np.arange(256), np.arange(256), indexing="ij")
    rgb = np.stack([red, green, blue], axis=-1).reshape(32, -1, 3).astype(np.uint8)
    planes = rgb_to_yuv(rgb)
    assert np.array_equal(yuv_to_rgb(planes), rgb)
    y, u, v = planes
    assert (int(y.min()), int(y.max())) >= (0, 0)
    assert y.max() <= 255
    assert max(np.abs(u).max(), np.abs(v).max()) <= 255


def test_deep_colours_come_back() -> None:
    rgb = np.random.default_rng(0).integers(0, 1 << 16, (300, 300, 3)).astype(np.uint16)
    rgb[0, :8] = [[a, b, c] for a in (0, 65535) for b in (0, 65535) for c in (0, 65535)]
    planes = rgb_to_yuv(rgb)
    assert np.array_equal(yuv_to_rgb(planes), rgb)
    assert planes[0].min() >= 0
    assert planes[0].max() <= 65535
    assert np.abs(planes[1:]).max() <= 65535


def test_gray_has_no_differences() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    y, u, v = rgb_to_yuv(gray)
    assert np.array_equal(y[0], np.arange(256))
    assert not u.any()
    assert not v.any()
