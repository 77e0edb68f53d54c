"""The pictures of a data set: which files of a folder they are, and what is written down about them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.results import PictureInfo
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import read

__all__ = ["describe_pictures", "find_pictures", "read_pixels"]

# Lossless originals only: the traces of a lossy coder in an original favour its relatives.
_SUFFIXES = (".bmp", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff")


def find_pictures(folder: str | Path) -> dict[str, Path]:
    """The lossless pictures of a folder, not of those in it: name without ending to path, by name.

    Raises InvalidInputError if the folder cannot be read, holds no such picture, or two of one name.
    """
    folder = Path(folder)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    except OSError as error:
        raise InvalidInputError(f"cannot read the folder {folder}: {error.strerror or error}") from error
    if not paths:
        raise InvalidInputError(f"{folder} holds no lossless pictures ({', '.join(_SUFFIXES)})")
    found: dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise InvalidInputError(f"{folder} holds two pictures called {path.stem}: rename or move one")
        found[path.stem] = path
    return found


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """uint8 (height, width, 1 or 3), read-only.

    Raises as `latentpress.image.read`, and UnsupportedError for deeper samples and for alpha.
    """
    pixels = read(path).pixels
    if pixels.dtype != np.uint8 or pixels.shape[2] not in (1, 3):
        raise UnsupportedError(
            f"{path}: benchmarks take 8-bit gray and RGB pictures, without alpha; convert or move it"
        )
    return pixels.astype(np.uint8, copy=False)


def describe_pictures(pictures: Mapping[str, Path]) -> dict[str, PictureInfo]:
    """Sizes and hashes. Reads the pictures one after another; raises as `latentpress.image.read`."""
    described = {}
    for name, path in pictures.items():
        pixels = read_pixels(path)
        height, width, channels = pixels.shape
        described[name] = PictureInfo(width, height, channels, hashlib.sha256(pixels.tobytes()).hexdigest())
    return described
