"""Margins of windows: as far as transforms look, and no further."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentpress.codecs.planes import to_planes
from latentpress.codecs.reach import reach_of
from latentpress.image import read
from latentpress.systems.hyperprior.codec import HyperpriorCodec

EXAMPLE = Path(__file__).parents[2] / "examples" / "macaws.png"


def test_a_window_shows_what_the_whole_picture_does() -> None:
    model = HyperpriorCodec(threads=1).model
    margin, stride = model.margin, model.stride
    assert 0 < margin < model.package.config["margin"]
    pixels = read(EXAMPLE).pixels[:320, :416]
    planes = to_planes(pixels, stride)
    rate = model.last_rate // 3
    latents = model.analysis(planes, rate)
    values = np.rint(latents).astype(np.float32)
    shown = model.synthesis(values, rate)
    rows, columns = slice(8, 11), slice(10, 14)
    seen = tuple(slice(part.start - margin, part.stop + margin) for part in (rows, columns))
    inside = slice(margin, margin + 3), slice(margin, margin + 4)
    window = np.ascontiguousarray(values[(slice(None), *seen)])
    again = model.synthesis(window, rate)[(slice(None), *_pixels(inside, stride))]
    assert np.abs(again - shown[(slice(None), *_pixels((rows, columns), stride))]).max() < 0.03
    part = np.ascontiguousarray(planes[(slice(None), slice(None), *_pixels(seen, stride))])
    found = model.analysis(part, rate)[(slice(None), *inside)]
    assert np.abs(found - latents[:, rows, columns]).max() < 0.02


@pytest.mark.parametrize("far", [0, 1, 3])
def test_the_reach_of_a_transform_is_found(far: int) -> None:
    """A synthesis that adds what is ``far`` latents to the left."""

    class Looking:
        margin, stride, last_rate, latents = 4, 16, 1, 3

        def analysis(self, planes: np.ndarray, rate: int) -> np.ndarray:
            return planes[0, :, ::16, ::16]

        def synthesis(self, values: np.ndarray, rate: int) -> np.ndarray:
            moved = np.zeros_like(values)
            moved[:, :, far:] = values[:, :, : values.shape[2] - far]
            return np.repeat(np.repeat(values + moved, 16, axis=1), 16, axis=2)

    assert reach_of(Looking(), []) == min(4, far + 1)  # type: ignore[arg-type]  # what is asked of a model


def _pixels(parts: tuple[slice, slice], stride: int) -> tuple[slice, slice]:
    rows, columns = (slice(part.start * stride, part.stop * stride) for part in parts)
    return rows, columns
