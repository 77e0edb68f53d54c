"""The plugin for imageio's third interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("imageio")

import imageio.v3 as iio

import latentpress
import latentpress.imageio
from latentpress.image import Image, Metadata


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_round_trip(tmp_path: Path, channels: int, dtype: type) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (9, 12, channels), dtype)
    pixels = pixels[:, :, 0] if channels == 1 else pixels
    iio.imwrite(tmp_path / "a.lpx", pixels, lossless=True)
    assert np.array_equal(iio.imread(tmp_path / "a.lpx"), pixels)
    found = iio.improps(tmp_path / "a.lpx", index=0)
    assert (found.shape, found.dtype) == (pixels.shape, pixels.dtype)
    assert np.array_equal(iio.imread((tmp_path / "a.lpx").read_bytes(), index=...), pixels[np.newaxis])


def test_bytes_settings_and_metadata(rgb: Image) -> None:
    small = iio.imwrite("<bytes>", rgb.pixels, extension=".lpx", quality=5)
    assert small == latentpress.compress(rgb, 5)
    assert np.array_equal(next(iio.imiter(small)), latentpress.decompress(small).pixels)
    with_profile = latentpress.compress(rgb.with_metadata(Metadata(icc=b"profile")))
    assert iio.immeta(with_profile)["icc_profile"] == b"profile"


def test_refusals(tmp_path: Path, rgb: Image) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        iio.imwrite(tmp_path / "a.lpx", rgb.pixels, nonsense=3)
    with pytest.raises(ValueError, match="one picture, not 2"):
        iio.imwrite(tmp_path / "a.lpx", np.stack([rgb.pixels, rgb.pixels]))
    damaged = bytearray(latentpress.compress(rgb))
    damaged[-1] ^= 1
    with pytest.raises(OSError, match="damaged"):
        iio.imread(bytes(damaged))
    with pytest.raises(IndexError, match="no number 1"):
        iio.imread(latentpress.compress(rgb), index=1)
