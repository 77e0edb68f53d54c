"""How far a model's transforms really look: less far than their layers could.

Each 3x3 layer could carry something one place on, but what arrives over many of them is next to nothing. A card says as
``reach`` beyond how many latents a change is fainter than any float work on another machine makes it; windows of large
pictures have that margin. What is exact knows no margin at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentModel
from latentpress.codecs.planes import to_planes

__all__ = ["reach_of"]

_FAINT_LEVEL = 0.02  # grey levels
_FAINT_STEP = 0.01  # quantisation steps
_CORE = 4  # latents along what is looked at
_SAFETY = 1  # latents, for pictures that were not looked at

Float = NDArray[np.float32]


def reach_of(model: LatentModel, pictures: Sequence[NDArray[np.uint8]]) -> int:
    """Latents beyond which neither transform of a model shows a change, on the middles of pictures (H, W, 3) that are
    large enough and on noise, at its first and last rate; at most ``model.margin``.
    """
    side = 2 * model.margin + _CORE
    seen = [one for picture in pictures if (one := _middle(picture, side * model.stride)) is not None]
    seen.append(
        np.random.default_rng(0).integers(0, 256, (side * model.stride, side * model.stride, 3)).astype(np.uint8)
    )
    found = [0]
    for picture in seen:
        planes = to_planes(picture, model.stride)
        for rate in (0, model.last_rate):
            latents = model.analysis(planes, rate)
            values = np.rint(latents[-model.latents :]).astype(np.float32)  # before them may stand a map
            pixels = model.synthesis(values, rate)
            for reach, rows in _windows(model.margin):
                step, level = slice(reach, reach + _CORE), _scaled(slice(reach, reach + _CORE), model.stride)
                part = model.analysis(_cut(planes, _scaled(rows, model.stride)), rate)[:, step, step]
                shown = model.synthesis(_cut(values, rows), rate)[:, level, level]
                core = slice(model.margin, model.margin + _CORE)
                whole = _cut(latents, core), _cut(pixels, _scaled(core, model.stride))
                if np.abs(part - whole[0]).max() > _FAINT_STEP or np.abs(shown - whole[1]).max() > _FAINT_LEVEL:
                    found.append(reach + 1)
                    break
    return min(max(found) + _SAFETY, model.margin)


def _windows(margin: int) -> Iterator[tuple[int, slice]]:
    """Ever smaller margins, and the latents of a window with them."""
    for reach in reversed(range(margin)):
        yield reach, slice(margin - reach, margin + _CORE + reach)


def _cut(array: Float, part: slice) -> Float:
    return np.ascontiguousarray(array[..., part, part])


def _scaled(part: slice, by: int) -> slice:
    return slice(part.start * by, part.stop * by)


def _middle(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8] | None:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return None if min(top, left) < 0 else picture[top : top + side, left : left + side]
