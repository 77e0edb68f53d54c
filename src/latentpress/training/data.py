"""Training pictures in memory, and crops that depend on the seed and the step alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from latentpress.errors import InvalidInputError

__all__ = ["Pictures", "load_pictures", "sample_crops", "step_generator"]

Pictures = Sequence[NDArray[np.uint8]]
"""Pictures as (H, W, 3) uint8 arrays."""

_SUFFIXES = {".png", ".avif", ".webp", ".jpg", ".jpeg", ".ppm", ".tif", ".tiff", ".bmp"}
_TRIES = 3  # looks for a textured place before taking what comes


def load_pictures(folders: str | Path | Sequence[str | Path], smallest: int) -> Pictures:
    """Decode every picture under the folders (recursively, in order of their paths) as RGB.

    Pictures with a side under ``smallest`` pixels are left out; so are files that Pillow cannot read. Raises
    InvalidInputError when none is left.
    """
    roots = [folders] if isinstance(folders, str | Path) else list(folders)
    pictures: list[NDArray[np.uint8]] = []
    for root in map(Path, roots):
        if not root.is_dir():
            raise InvalidInputError(f"no folder of training pictures at {root}")
        for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in _SUFFIXES):
            try:
                with Image.open(path) as image:
                    pixels = np.asarray(image.convert("RGB"))
            except (UnidentifiedImageError, OSError):
                continue
            if min(pixels.shape[:2]) >= smallest:
                pictures.append(pixels)
    if not pictures:
        raise InvalidInputError(
            f"no readable picture of at least {smallest} x {smallest} in {', '.join(map(str, roots))}"
        )
    return pictures


def step_generator(seed: int, step: int) -> np.random.Generator:
    """The random numbers of one step: nothing of them has to be saved to resume a run."""
    return np.random.default_rng([seed, step])


def sample_crops(pictures: Pictures, count: int, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """``count`` random square crops as (count, 3, size, size) uint8, mirrored and turned at random.

    Pictures are drawn in proportion to their area's square root; flat places are refused most of the time, since
    skies and backdrops would otherwise be most of what the network sees.
    """
    weights = np.sqrt([p.shape[0] * p.shape[1] for p in pictures])
    cumulative = np.cumsum(weights / weights.sum())
    batch = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        for attempt in range(_TRIES):
            picture = pictures[min(int(np.searchsorted(cumulative, rng.random())), len(pictures) - 1)]
            y = int(rng.integers(0, picture.shape[0] - size + 1))
            x = int(rng.integers(0, picture.shape[1] - size + 1))
            crop = picture[y : y + size, x : x + size]
            if attempt == _TRIES - 1 or rng.random() < _texture(crop):
                break
        turned = np.swapaxes(crop, 0, 1) if rng.random() < 0.5 else crop
        batch[i] = turned[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2))


def _texture(crop: NDArray[np.uint8]) -> float:
    """Chance to keep a crop, 0.1 for a flat one up to 1: from the mean step between neighbours in green."""
    green = crop[::2, ::2, 1].astype(np.int16)
    step = np.abs(np.diff(green, axis=1)).mean() + np.abs(np.diff(green, axis=0)).mean()
    return 0.1 + float(min(step / 10, 0.9))
