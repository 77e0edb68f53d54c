"""Rate and distortion on pictures that were not trained on, in the form the codec runs in: rounded values, integer
path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.parts.integer import set_integer
from latentpress.systems.hyperprior.net import HyperpriorNet
from latentpress.systems.hyperprior.objective import code, log_loss
from latentpress.training.data import Pictures

__all__ = ["ValidationPoint", "validate"]


@dataclass(frozen=True)
class ValidationPoint:
    """Means over the pictures at one rate index: estimated bits a pixel, RGB PSNR in dB of the 8-bit output, log2
    loss.
    """

    rate: int
    bpp: float
    psnr: float
    loss: float


def validate(
    net: HyperpriorNet,
    pictures: Pictures,
    rates: Sequence[int],
    *,
    distortion: str = "mse",
    device: str = "cpu",
    mixed_precision: bool = False,
) -> list[ValidationPoint]:
    """Code the pictures (each cut to multiples of 64 pixels) at each rate index, on the integer path. ``distortion``:
    of the loss, see `log_loss`.
    """
    set_integer(net, True)
    points = []
    with torch.inference_mode():
        for rate in rates:
            rows = []
            for picture in pictures:
                x = _whole_blocks(picture).to(device)
                index = torch.tensor([rate], device=device)
                outcome = code(net, x, index, hard=True, mixed_precision=mixed_precision)
                error = (outcome.picture.round().clamp(0, 255) - x).square().mean().item()
                psnr = 10 * math.log10(255**2 / max(error, 1e-9))
                loss = log_loss(outcome, x, net.config.lambdas(index), distortion).item()
                rows.append((outcome.bpp().item(), psnr, loss))
            bpp, psnr, loss = np.mean(rows, axis=0)
            points.append(ValidationPoint(rate, float(bpp), float(psnr), float(loss)))
    return points


def _whole_blocks(picture: NDArray[np.uint8]) -> torch.Tensor:
    height, width = (side // 64 * 64 for side in picture.shape[:2])
    return torch.from_numpy(picture[:height, :width].transpose(2, 0, 1).copy()).to(torch.float32)[None]
