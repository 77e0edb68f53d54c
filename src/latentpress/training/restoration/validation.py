"""PSNR over the JPEG on pictures that were not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.restoration.tables import Quantisation, describe, standard_quantisation
from latentpress.training.data import Pictures
from latentpress.training.restoration.data import jpeg_round_trip
from latentpress.training.restoration.objective import rgb_of, ycc_of

__all__ = ["VALIDATION_QUALITIES", "ValidationPoint", "restore_batch", "validate"]

VALIDATION_QUALITIES = (10, 20, 40, 75, 90)


@dataclass(frozen=True)
class ValidationPoint:
    """Means over the pictures at one JPEG quality (4:2:0): RGB PSNR in dB of the 8-bit result, and its gain over the
    JPEG.
    """

    quality: int
    psnr: float
    gain: float


def validate(
    net: Any,
    pictures: Pictures,
    qualities: Sequence[int] = VALIDATION_QUALITIES,
    *,
    device: str = "cpu",
    mixed_precision: bool = False,
    sent: Callable[[Quantisation], Quantisation] = lambda tables: tables,
) -> list[ValidationPoint]:
    """Restore the pictures (each cut to multiples of 64 pixels) from JPEGs of these qualities. sent: see
    `RestorerTraining.sent`.
    """
    points = []
    for quality in qualities:
        quantisation = sent(standard_quantisation(quality))
        values = describe([quantisation])
        rows = []
        for picture in pictures:
            height, width = (side // 64 * 64 for side in picture.shape[:2])
            clean = np.ascontiguousarray(picture[:height, :width])
            jpeg = jpeg_round_trip(clean, quantisation)
            x = torch.from_numpy(jpeg.transpose(2, 0, 1).copy())[None].to(device)
            restored = restore_batch(net, x, values, mixed_precision).cpu().numpy()[0].transpose(1, 2, 0)
            rows.append((_psnr(restored, clean), _psnr(jpeg, clean)))
        psnr, before = np.mean(rows, axis=0)
        points.append(ValidationPoint(quality, float(psnr), float(psnr - before)))
    return points


@torch.no_grad()
def restore_batch(
    net: Any, jpeg: torch.Tensor, values: dict[str, NDArray[np.float32]], mixed_precision: bool = False
) -> torch.Tensor:
    """(B, 3, H, W) RGB, uint8, restored by a network with the values that `describe` gives."""
    x = ycc_of(jpeg.float())
    given = {name: torch.from_numpy(values[name]).to(x.device) for name in net.inputs}
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        correction = net(x, **given)
    return (rgb_of(x + correction.float()) + 128).round().clamp(0, 255).to(torch.uint8)


def _psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = np.square(one.astype(np.float64) - other).mean()
    return 10 * math.log10(255**2 / max(error, 1e-9))
