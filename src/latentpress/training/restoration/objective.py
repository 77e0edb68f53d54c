"""The loss of a restorer: what is left of a JPEG's squared error, at four resolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.parts.restorers import derivatives
from latentpress.transforms.colour import TO_RGB, TO_YCC

__all__ = ["edge_error", "rgb_of", "scale_errors", "ycc_of"]

_TO_YCC, _TO_RGB = (torch.from_numpy(matrix.copy()) for matrix in (TO_YCC, TO_RGB))


def ycc_of(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) RGB 0..255 as Y, Cb, Cr minus 128."""
    ycc = torch.einsum("dc,bchw->bdhw", _TO_YCC.to(rgb), rgb)
    return ycc - ycc.new_tensor([128.0, 0.0, 0.0])[:, None, None]


def rgb_of(ycc: Tensor) -> Tensor:
    """A difference of Y, Cb, Cr as a difference of R, G, B; pictures need 128 added."""
    return torch.einsum("dc,bchw->bdhw", _TO_RGB.to(ycc), ycc)


def scale_errors(corrections: Sequence[Tensor], wanted: Tensor) -> list[Tensor]:
    """(B,) mean squared RGB errors of the corrections at each resolution. ``wanted``: the correction (Y, Cb, Cr) that
    would restore the original; at coarse resolutions its means over 2x2, 4x4, 8x8 pixels are wanted.
    """
    errors = []
    for correction in corrections:
        factor = wanted.shape[-1] // correction.shape[-1]
        aim = F.avg_pool2d(wanted, factor) if factor > 1 else wanted
        errors.append(rgb_of(correction - aim).square().mean(dim=(1, 2, 3)))
    return errors


def edge_error(correction: Tensor, wanted: Tensor) -> Tensor:
    """(B,) mean squared error of the Sobel derivatives (Svoboda et al. 2016, arXiv 1605.00366)."""
    error = derivatives(rgb_of(correction - wanted))[..., 1:-1, 1:-1]
    return 2 * error.square().mean(dim=(1, 2, 3))
