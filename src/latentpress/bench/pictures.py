"""The pictures of a data set: which files of a folder they are, and what is written down about them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.results import PictureInfo
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image, read

__all__ = ["describe_pictures", "find_pictures", "plain_pixels", "read_pixels"]

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


def plain_pixels(image: Image) -> tuple[NDArray[np.uint8], str]:
    """A picture as every coder takes it, uint8 (height, width, 1 or 3), and what had to be changed for that.

    Deeper samples are reduced, alpha is laid over white; the second value says so in words, and is empty otherwise.
    """
    notes = []
    if image.bit_depth > 8:
        notes.append(f"{image.bit_depth} bits a sample reduced to 8")
        image = image.to_depth(8)
    colour = image.pixels[:, :, : 3 if image.channels > 2 else 1]
    if image.has_alpha:
        notes.append("alpha laid over white")
        alpha = image.pixels[:, :, -1:].astype(np.uint32)
        colour = (colour * alpha + 255 * (255 - alpha) + 127) // 255
    return np.ascontiguousarray(colour, dtype=np.uint8), ", ".join(notes)


def describe_pictures(pictures: Mapping[str, Path]) -> dict[str, PictureInfo]:
    """Sizes and hashes. Reads the pictures one after another; raises as `latentpress.image.read`."""
    described = {}
    for name, path in pictures.items():
        pixels = read_pixels(path)
        height, width, channels = pixels.shape
        described[name] = PictureInfo(width, height, channels, hashlib.sha256(pixels.tobytes()).hexdigest())
    return described
