"""JPEG artefacts for training: clean crops go through a JPEG encoder at random settings."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from latentpress.restoration.tables import Quantisation, standard_tables

__all__ = ["degrade", "jpeg_round_trip", "random_quantisation"]

_SUBSAMPLINGS = {(2, 2): "4:2:0", (1, 2): "4:2:2", (1, 1): "4:4:4"}
_SHARES = ((2, 2), 0.8), ((1, 2), 0.05), ((1, 1), 0.15)
_UNUSUAL = 0.15  # share of crops with tables that libjpeg would not choose


def random_quantisation(rng: np.random.Generator) -> Quantisation:
    """Tables and subsampling of a crop: mostly libjpeg's at qualities 8..50, the rest of 5..95 less often.

    Some crops get tables of other programs' kind: luma and chroma of different quality, flatter than the standard's.
    """
    low, high = (8, 50) if rng.random() < 0.75 else (5, 95)
    quality = int(rng.integers(low, high + 1))
    shares = [share for _, share in _SHARES]
    subsampling = _SHARES[int(rng.choice(len(_SHARES), p=shares))][0]
    luma, chroma = standard_tables(quality)
    if rng.random() < _UNUSUAL:
        chroma = standard_tables(int(np.clip(quality + rng.integers(-20, 21), 5, 95)))[1]
        luma, chroma = (_flattened(table, float(rng.random())) for table in (luma, chroma))
    return Quantisation(luma, chroma, subsampling)


def _flattened(table: NDArray[Any], share: float) -> NDArray[Any]:
    """A table between itself and, with ``share`` 1, a flat one of its mean low step."""
    flat = table[:4, :4].mean()
    steps: NDArray[Any] = np.rint(table ** (1 - share) * flat**share)
    return steps.clip(1, 255).astype(np.int64)


def jpeg_round_trip(pixels: NDArray[np.uint8], quantisation: Quantisation) -> NDArray[np.uint8]:
    """(H, W, 3) RGB pixels through a JPEG file of this quantisation."""
    buffer = io.BytesIO()
    tables = [[int(v) for v in table.ravel()] for table in (quantisation.luma, quantisation.chroma)]
    subsampling = _SUBSAMPLINGS[quantisation.subsampling]
    Image.fromarray(pixels).save(buffer, "JPEG", qtables=tables, subsampling=subsampling)
    with Image.open(buffer) as picture:
        return np.asarray(picture)


def degrade(
    crops: NDArray[np.uint8],
    rng: np.random.Generator,
    twice: float = 0.0,
    sent: Callable[[Quantisation], Quantisation] = lambda tables: tables,
) -> tuple[NDArray[np.uint8], list[Quantisation]]:
    """(B, 3, H, W) crops as JPEG decoders show them, each at a `random_quantisation` of which ``sent`` makes what is
    coded with. The blocks begin at the crop's first pixel, as those of a whole file do. A share ``twice`` of them was a
    JPEG before, on blocks that lie elsewhere.
    """
    quantisations = [sent(random_quantisation(rng)) for _ in crops]
    decoded = []
    for crop, quantisation in zip(crops, quantisations, strict=True):
        pixels = np.ascontiguousarray(crop.transpose(1, 2, 0))
        if twice and rng.random() < twice:
            pixels = _shifted_round_trip(pixels, rng)
        decoded.append(jpeg_round_trip(pixels, quantisation))
    return np.ascontiguousarray(np.stack(decoded).transpose(0, 3, 1, 2)), quantisations


def _shifted_round_trip(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Pixels cut out of a JPEG: its 16x16 units begin at any pixel."""
    top, left = (int(v) for v in rng.integers(0, 16, 2))
    larger = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="edge")
    return np.ascontiguousarray(jpeg_round_trip(larger, random_quantisation(rng))[top:, left:])
