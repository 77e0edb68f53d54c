"""Training pictures in memory, and crops that depend on the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from latentpress.errors import InvalidInputError
from latentpress.training.shards import SHARD_SUFFIX, read_shard

__all__ = [
    "SMALLEST_HELD_OUT",
    "TRIES",
    "Pictures",
    "load_held_out",
    "load_pictures",
    "picture_chances",
    "picture_files",
    "sample_crops",
    "step_generator",
]

Pictures = Sequence[NDArray[np.uint8]]
"""Pictures as (H, W, 3) uint8 arrays."""

_SUFFIXES = {".png", ".avif", ".webp", ".jpg", ".jpeg", ".ppm", ".tif", ".tiff", ".bmp"}

TRIES = 3
"""Looks for a textured place before taking what comes."""

SMALLEST_HELD_OUT = 64
"""Pixels of the shorter side of a picture to validate on, at least."""

_EVERY = 3  # held-out pictures: enough of them to choose by, in a third of the time


def picture_files(folders: str | Path | Sequence[str | Path]) -> Iterator[Path]:
    """Files under the folders (recursively, in order of their paths) that may be pictures or shards of pictures; a
    file given itself is taken as it is. Raises InvalidInputError for a folder that is not there.
    """
    for root in map(Path, _roots(folders)):
        if root.is_file():
            yield root
        elif not root.is_dir():
            raise InvalidInputError(f"no folder of training pictures at {root}")
        else:
            yield from sorted(p for p in root.rglob("*") if p.suffix.lower() in _SUFFIXES or _is_shard(p))


def load_pictures(folders: str | Path | Sequence[str | Path], smallest: int) -> Pictures:
    """Decode every picture under the folders (recursively, in order of their paths) as RGB, those in shards too.

    Pictures with a side under ``smallest`` pixels are left out; so are files that Pillow cannot read. Raises
    InvalidInputError when none is left, CorruptFileError for a damaged shard.
    """
    pictures: list[NDArray[np.uint8]] = []
    for path in picture_files(folders):
        try:
            found = read_shard(path) if _is_shard(path) else [_read(path)]
        except (UnidentifiedImageError, OSError):
            continue
        pictures += [pixels for pixels in found if min(pixels.shape[:2]) >= smallest]
    if not pictures:
        roots = _roots(folders)
        raise InvalidInputError(
            f"no readable picture of at least {smallest} x {smallest} in {', '.join(map(str, roots))}"
        )
    return pictures


def load_held_out(folder: str | Path | Sequence[str | Path]) -> Pictures:
    """Pictures to validate on: every third of a folder, and all that were chosen for a shard."""
    if all(_is_shard(path) for path in picture_files(folder)):
        return load_pictures(folder, SMALLEST_HELD_OUT)
    return load_pictures(folder, SMALLEST_HELD_OUT)[::_EVERY]


def step_generator(seed: int, step: int) -> np.random.Generator:
    """The random numbers of one step: nothing of them has to be saved to resume a run."""
    return np.random.default_rng([seed, step])


def sample_crops(
    pictures: Pictures, count: int, size: int, rng: np.random.Generator, upright: bool = False
) -> NDArray[np.uint8]:
    """``count`` random square crops as (count, channels, size, size) uint8, mirrored and turned at random, or with
    ``upright`` mirrored left to right alone. Pictures may have channels besides R, G and B.

    Pictures are drawn in proportion to their area's square root; flat places are refused most of the time, since
    skies and backdrops would otherwise be most of what the network sees.
    """
    cumulative = picture_chances(pictures)
    batch = np.empty((count, size, size, pictures[0].shape[2]), np.uint8)
    for i in range(count):
        for attempt in range(TRIES):
            picture = pictures[min(int(np.searchsorted(cumulative, rng.random())), len(pictures) - 1)]
            y = int(rng.integers(0, picture.shape[0] - size + 1))
            x = int(rng.integers(0, picture.shape[1] - size + 1))
            crop = picture[y : y + size, x : x + size]
            if attempt == TRIES - 1 or rng.random() < _texture(crop):
                break
        turned = np.swapaxes(crop, 0, 1) if rng.random() < 0.5 and not upright else crop
        down, right = rng.choice((-1, 1)), rng.choice((-1, 1))
        batch[i] = turned[:: 1 if upright else down, ::right]
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2))


def picture_chances(pictures: Pictures) -> NDArray[np.float64]:
    """Cumulative chance of each picture to be drawn, in proportion to the square root of its area."""
    weights = np.sqrt([p.shape[0] * p.shape[1] for p in pictures])
    chances: NDArray[np.float64] = np.cumsum(weights / weights.sum())
    return chances


def _roots(folders: str | Path | Sequence[str | Path]) -> list[str | Path]:
    return [folders] if isinstance(folders, str | Path) else list(folders)


def _is_shard(path: Path) -> bool:
    return path.name.endswith(SHARD_SUFFIX)


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _texture(crop: NDArray[np.uint8]) -> float:
    """Chance to keep a crop, 0.1 for a flat one up to 1: from the mean step between neighbours in green."""
    green = crop[::2, ::2, 1].astype(np.int16)
    step = np.abs(np.diff(green, axis=1)).mean() + np.abs(np.diff(green, axis=0)).mean()
    return 0.1 + float(min(step / 10, 0.9))
