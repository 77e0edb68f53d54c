"""Labelled pictures that need no download: scikit-learn's digits, and crops of photographs by cluster."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError
from latentpress.transforms.colour import to_ycc

__all__ = ["SIDE", "Labelled", "clusters", "digits", "saved"]

SIDE = 32
"""Pixels of a picture's side."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Labelled:
    """Pictures (N, 32, 32, 1 or 3) uint8 with labels (N,), apart for training and testing. ``words``: what they are."""

    words: str
    classes: int
    pictures: Pixels
    labels: NDArray[np.int64]
    test_pictures: Pixels
    test_labels: NDArray[np.int64]


def digits(seed: int) -> Labelled:
    """The 1,797 handwritten digits, 8x8, enlarged to 32x32; a quarter, drawn by ``seed``, is for testing."""
    from sklearn.datasets import load_digits

    found = load_digits()
    small = np.rint(found.images * (255 / 16)).astype(np.uint8)
    large = [PillowImage.fromarray(one).resize((SIDE, SIDE), PillowImage.Resampling.BICUBIC) for one in small]
    pictures, labels = np.stack([np.asarray(one)[..., None] for one in large]), found.target.astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(labels))
    test, rest = np.split(order, [len(order) // 4])
    words = "scikit-learn's 1,797 handwritten digits, 8x8 pixels enlarged to 32x32 (bicubic), gray"
    return Labelled(words, 10, pictures[rest], labels[rest], pictures[test], labels[test])


def clusters(photographs: Sequence[Pixels], count: int, seed: int, classes: int = 8) -> Labelled:
    """Crops of photographs, ``count`` to train on and half as many of every third photograph to test on.

    The label is the cluster (k-means, found on the training crops) of mean colour, contrast and the strength of
    changes across, down and along the diagonals. Raises InvalidInputError for fewer than 3 photographs.
    """
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    if len(photographs) < 3:
        raise InvalidInputError(f"crops by cluster need at least 3 photographs, not {len(photographs)}")
    rng = np.random.default_rng(seed)
    held = list(photographs[::3])
    rest = [one for number, one in enumerate(photographs) if number % 3]
    train, test = _crops(rest, count, rng), _crops(held, count // 2, rng)
    scaler = StandardScaler().fit(_looks(train))
    found = KMeans(classes, n_init=4, random_state=seed).fit(scaler.transform(_looks(train)))
    labels = [found.predict(scaler.transform(_looks(crops))).astype(np.int64) for crops in (train, test)]
    words = (
        f"32x32 colour crops of photographs, {count} to train on and {count // 2} of other photographs to test on, "
        f"with one of {classes} labels: the k-means cluster of the uncompressed crop's mean colour, contrast and "
        f"strength "
        "of changes in four directions"
    )
    return Labelled(words, classes, train, labels[0], test, labels[1])


def saved(pictures: Pixels, quality: int) -> list[bytes]:
    """Each as a JPEG file of Pillow, colour without subsampling."""
    files = []
    for pixels in pictures:
        buffer = io.BytesIO()
        picture = PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        picture.save(buffer, "JPEG", quality=quality, subsampling=0)
        files.append(buffer.getvalue())
    return files


def _crops(photographs: Sequence[Pixels], count: int, rng: np.random.Generator) -> Pixels:
    crops = []
    for number in range(count):
        picture = photographs[number % len(photographs)]
        top, left = (int(rng.integers(0, side - SIDE + 1)) for side in picture.shape[:2])
        crops.append(picture[top : top + SIDE, left : left + SIDE])
    return np.stack(crops)


def _looks(crops: Pixels) -> NDArray[Any]:
    """(N, 8): see `clusters`."""
    rows = []
    for crop in crops:
        ycc = to_ycc(crop)
        luma = ycc[0]
        steps = (
            luma[:, 1:] - luma[:, :-1],
            luma[1:] - luma[:-1],
            luma[1:, 1:] - luma[:-1, :-1],
            luma[1:, :-1] - luma[:-1, 1:],
        )
        rows.append([*ycc.mean(axis=(1, 2)), np.log1p(luma.std()), *(np.log1p(np.abs(one).mean()) for one in steps)])
    return np.array(rows)
