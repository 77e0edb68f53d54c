"""Compiled loops and threads change no bit: files are the same, and each way reads what the other wrote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentpress.codecs.lossless import fast
from latentpress.codecs.lossless.codec import LosslessCodec
from latentpress.image import Image
from latentpress.systems.lc_fdnet.codec import LcFdnetCodec
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr(fast, "_expected", 1 << 30)
    assert fast.loops() is not None


CASES = {
    "colour": (MlpLosslessCodec, {}, 3, 8),
    "gray, 16 bits": (MlpLosslessCodec, {}, 1, 16),
    "deep, no network": (MlpLosslessCodec, {"network": False}, 3, 12),
    "near-lossless": (MlpLosslessCodec, {"max_error": 2}, 3, 8),
    "mosaic": (MlpLosslessCodec, {"mosaic": "RGGB"}, 1, 8),
    "drawings": (MlpLosslessCodec, {"effort": 2}, 3, 8),
    "drawings, near-lossless": (MlpLosslessCodec, {"effort": 2, "max_error": 1}, 3, 8),
    "sub-images": (LcFdnetCodec, {}, 3, 8),
}


def picture(channels: int, depth: int) -> Image:
    """Smooth places, hard edges, noise and lines: 193 rows make two lanes of different height."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:193, 0:19]
    planes = np.stack([np.sin(x / (7 + c)) + np.cos(y / 11) for c in range(channels)], axis=-1)
    planes += 0.02 * rng.normal(size=planes.shape) + (x % 29 == 3)[..., None] + 3.0 * ((y > 90) & (x > 9))[..., None]
    planes = (planes - planes.min()) / np.ptp(planes) * (2**depth - 1)
    return Image(planes.astype(np.uint8 if depth == 8 else np.uint16), bit_depth=depth)


@pytest.mark.parametrize("case", CASES)
def test_compiled_loops(compiled: None, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    made, settings, channels, depth = CASES[case]
    codec: LosslessCodec = made(threads=1, verify=False, **settings)
    image = picture(channels, depth)
    if "drawings" in case:  # every other level
        image = Image(image.pixels & 0xFE)
    quick = codec.encode(image)
    monkeypatch.setattr(fast, "_expected", 0)
    plain = codec.encode(image)
    assert quick == plain
    decoded = codec.decode(quick)
    monkeypatch.setattr(fast, "_expected", 1 << 30)
    assert np.array_equal(codec.decode(plain).pixels, decoded.pixels)
    if not codec.config()["max_error"]:
        assert np.array_equal(decoded.pixels, image.pixels)


@pytest.mark.parametrize(("threads", "channels", "more"), [(2, 3, {}), (5, 3, {"max_error": 1}), (3, 1, {})])
def test_planes_on_threads(threads: int, channels: int, more: dict[str, Any]) -> None:
    image = picture(channels, 8)
    one, several = (MlpLosslessCodec(threads=count, verify=False, **more) for count in (1, threads))
    data = several.encode(image)
    assert data == one.encode(image)
    assert several.decode(data) == one.decode(data)


def test_small_pictures_load_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "_expected", 0)
    MlpLosslessCodec(threads=1).encode(picture(1, 8))
    assert fast.loops() is None
