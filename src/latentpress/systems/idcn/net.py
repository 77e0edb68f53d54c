"""A dual-domain restorer after IDCN (Zheng et al. 2019, arXiv 1810.08042): each block works on pixels and on DCT
coefficients, whose changes are bounded by the quantisation steps of the JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.block_dct import BLOCK, FOLD, BlockDct
from latentpress.parts.blocks import zero_
from latentpress.parts.restorers import CONDITIONS, Modulation

__all__ = ["Idcn", "IdcnConfig"]

_SLOPE = 0.1
_UNIT = 1 / 64  # grey levels to network inputs
_START = 0.3


@dataclass(frozen=True)
class IdcnConfig:
    """``channels``: features at 1/2 resolution. ``blocks``: dual-domain blocks; their second convolutions are dilated
    by 1, 2, 4, 1 ... ``embedding``: size of the vector that the quantisation is described by inside the network.
    """

    channels: int = 24
    blocks: int = 4
    embedding: int = 32

    @property
    def multiple(self) -> int:
        """Heights and widths have to be multiples of this."""
        return BLOCK

    @property
    def margin(self) -> int:
        """Pixels around an output pixel that it can depend on, rounded up to the multiple."""
        cells = 2 + sum(1 + _dilation(number) for number in range(self.blocks))  # of 2 pixels: first, last, blocks
        # Every DCT can carry on from one end of its block to the other: one in each dual-domain block, one at the end.
        reach = cells * FOLD + (self.blocks + 1) * (BLOCK - 1) + FOLD - 1
        return -(-reach // BLOCK) * BLOCK


def _dilation(number: int) -> int:
    return int(2 ** (number % 3))


class _DualBlock(nn.Module):
    """Two convolutions on features, and beside them a change of DCT coefficients that stays within half a step of
    each, seen again as pixels; both are added to the features.
    """

    def __init__(self, channels: int, embedding: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.modulation = Modulation(embedding, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.to_coefficients = nn.Conv2d(channels, 192, BLOCK // FOLD, stride=BLOCK // FOLD)
        self.back = nn.Conv2d(3 * FOLD**2, channels, 1)
        nn.init.kaiming_normal_(self.first.weight, a=_SLOPE)
        for added in (self.second, self.back):  # blocks begin near the identity, but not at it: the start is quicker
            nn.init.kaiming_normal_(added.weight, a=_SLOPE)
            added.weight.data.mul_(_START)

    def forward(self, x: Tensor, embedded: Tensor, steps: Tensor, transforms: BlockDct) -> Tensor:
        hidden = F.leaky_relu(self.modulation(self.first(x), embedded), _SLOPE)
        change = 0.5 * torch.tanh(self.to_coefficients(x)) * steps.to(x.dtype)
        pixels = transforms.fold(transforms.picture(change) * _UNIT)
        # In full precision: in bfloat16 the gradient of dilated weights came out as NaN (torch 2.13 on a CPU).
        with torch.autocast(x.device.type, enabled=False):
            added = self.second(hidden.to(self.second.weight.dtype)).to(x.dtype)
        result: Tensor = x + added + self.back(pixels)
        return result


class Idcn(nn.Module):
    """Dual-domain blocks at 1/2 resolution between two convolutions. The luma correction is projected: its DCT
    coefficients are cut to half a quantisation step, beyond which no original can lie. Chroma, whose blocks lie on
    another grid when it is subsampled, is left as it is.
    """

    inputs = ("condition", "scale", "tables")
    """What the network takes beside the pixels."""

    def __init__(self, config: IdcnConfig) -> None:
        super().__init__()
        self.config = config
        picture, c, n = 3 * FOLD**2, config.channels, config.embedding
        self.transforms = BlockDct()
        self.embed = nn.Linear(CONDITIONS, n)
        self.first = nn.Conv2d(picture, c, 3, padding=1)
        self.blocks = nn.ModuleList(_DualBlock(c, n, _dilation(number)) for number in range(config.blocks))
        self.last = nn.Conv2d(c, picture, 3, padding=1)
        zero_(self.last)

    def forward(self, pixels: Tensor, condition: Tensor, scale: Tensor, tables: Tensor) -> Tensor:
        """The correction in grey levels; see `corrections`."""
        return self.corrections(pixels, condition, scale, tables)[0]

    def corrections(self, pixels: Tensor, condition: Tensor, scale: Tensor, tables: Tensor) -> list[Tensor]:
        """The correction to add to the picture, (B, 3, H, W) in grey levels, as a list of one: full resolution.

        ``pixels``: (B, 3, H, W) Y, Cb, Cr minus 128, sides multiples of 8, blocks from the first pixel on.
        ``condition``: (B, CONDITIONS). ``scale``: (B, 3) grey levels that stand for 1 in the output. ``tables``: (B,
        2, 8, 8) quantisation steps of luma and chroma.
        """
        luma, chroma = tables[:, 0].reshape(-1, 64, 1, 1), tables[:, 1].reshape(-1, 64, 1, 1)
        steps = torch.cat([luma, chroma, chroma], 1)
        embedded = F.leaky_relu(self.embed(condition), _SLOPE)
        x = F.leaky_relu(self.first(self.transforms.fold(pixels * _UNIT)), _SLOPE)
        for block in self.blocks:
            x = block(x, embedded, steps, self.transforms)
        correction = F.pixel_shuffle(self.last(x), FOLD).to(scale.dtype) * scale[:, :, None, None]
        return [self.transforms.within(correction, luma)]
