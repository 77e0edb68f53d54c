"""Pixels, their 8x8 DCT and their folding into channels, for networks that work on both (JPEG restorers)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.transforms import dct_matrix

__all__ = ["BLOCK", "FOLD", "BlockDct"]

FOLD = 2
"""Pixels a side that are folded into channels."""

BLOCK = 8
"""Side of a block of the DCT."""


class BlockDct(nn.Module):
    """The 8x8 DCT and the foldings of pixels into channels, as convolutions with fixed weights."""

    def __init__(self) -> None:
        super().__init__()
        matrix = torch.from_numpy(dct_matrix())
        basis = torch.einsum("uy,vx->uvyx", matrix, matrix).reshape(64, 64)  # rows: coefficients, columns: pixels
        self.register_buffer("forward_dct", basis.reshape(64, 1, BLOCK, BLOCK).clone(), persistent=False)
        three = basis.reshape(64, 1, BLOCK, BLOCK).repeat(3, 1, 1, 1)
        self.register_buffer("forward_three", three, persistent=False)
        self.register_buffer("inverse_dct", basis.T.reshape(64, 64, 1, 1).clone(), persistent=False)
        self.register_buffer("inverse_three", basis.T.repeat(3, 1).reshape(192, 64, 1, 1).clone(), persistent=False)
        fold = torch.eye(3 * FOLD**2).view(-1, 3, FOLD, FOLD)
        self.register_buffer("fold_weight", fold.clone(), persistent=False)

    def coefficients(self, plane: Tensor) -> Tensor:
        """(B, 1, H, W) to (B, 64, H / 8, W / 8)."""
        return F.conv2d(plane, self.forward_dct, stride=BLOCK)  # type: ignore[arg-type]  # a buffer

    def plane(self, coefficients: Tensor) -> Tensor:
        """The inverse."""
        return F.pixel_shuffle(F.conv2d(coefficients, self.inverse_dct), BLOCK)  # type: ignore[arg-type]  # a buffer

    def all_coefficients(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) to the coefficients of three components (B, 192, H / 8, W / 8)."""
        return F.conv2d(picture, self.forward_three, stride=BLOCK, groups=3)  # type: ignore[arg-type]  # a buffer

    def picture(self, coefficients: Tensor) -> Tensor:
        """Coefficients of three components (B, 192, H / 8, W / 8) to (B, 3, H, W)."""
        return F.pixel_shuffle(F.conv2d(coefficients, self.inverse_three, groups=3), BLOCK)  # type: ignore[arg-type]  # a buffer

    def fold(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 12, H / 2, W / 2)."""
        return F.conv2d(picture, self.fold_weight, stride=FOLD)  # type: ignore[arg-type]  # a buffer

    def within(self, correction: Tensor, luma: Tensor) -> Tensor:
        """A correction (B, 3, H, W) in grey levels whose luma coefficients are cut to half a quantisation step, beyond
        which no original can lie. Chroma, whose blocks lie on another grid when it is subsampled, is left as it is.

        ``luma``: (B, 64, 1, 1) steps. In full precision: the transform there and back must not add noise of its own.
        """
        with torch.autocast(correction.device.type, enabled=False):
            bound = torch.maximum(luma * 0.5, luma.new_ones(1))
            inside = self.coefficients(correction[:, :1])
            inside = torch.minimum(torch.maximum(inside, -bound), bound)
            return torch.cat([self.plane(inside), correction[:, 1:]], 1)
