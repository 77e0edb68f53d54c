"""A U-Net for JPEG restoration: residual depth-wise blocks at 1/2, 1/4 and 1/8 of the picture's resolution, modulated
by the quantisation tables. At 1/8, where a position is a block of the JPEG, it reads and corrects coefficients as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.block_dct import BLOCK, FOLD, BlockDct
from latentpress.parts.blocks import patches, zero_
from latentpress.parts.restorers import Modulation

__all__ = ["TableUnet", "TableUnetConfig"]

_SLOPE = 0.1
_UNIT = 1 / 64  # grey levels to network inputs
_COEFFICIENTS = 3 * BLOCK**2
_LARGEST = 4.0  # coefficients are shown in quantisation steps up to this


@dataclass(frozen=True)
class TableUnetConfig:
    """``fine``, ``middle``, ``coarse``: channels at 1/2, 1/4 and 1/8 resolution. ``fine_blocks``, ``middle_blocks``:
    residual blocks there, on the way down and on the way up each; ``coarse_blocks`` in all. ``embedding``: size of the
    vector that the tables are described by inside the network.
    """

    fine: int = 48
    middle: int = 96
    coarse: int = 128
    fine_blocks: int = 3
    middle_blocks: int = 3
    coarse_blocks: int = 3
    embedding: int = 32

    @property
    def multiple(self) -> int:
        """Heights and widths have to be multiples of this."""
        return BLOCK

    @property
    def margin(self) -> int:
        """Pixels around an output pixel that it can depend on, rounded up to the multiple."""
        fine = 2 + 2 * self.fine_blocks  # 3x3 convolutions at 1/2: first and last, and one a block
        reach = FOLD * fine + 4 * 2 * self.middle_blocks + BLOCK * self.coarse_blocks + 2 * (BLOCK - 1)
        return -(-reach // BLOCK) * BLOCK


class _Block(nn.Module):
    """Depth-wise 3x3 convolution, modulation, point-wise expansion to twice the channels, leaky rectifier, point-wise
    projection, skip.
    """

    def __init__(self, channels: int, embedding: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.modulation = Modulation(embedding, channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, channels, 1)
        nn.init.kaiming_normal_(self.expand.weight, a=_SLOPE)
        zero_(self.project)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        h = self.expand(self.modulation(self.spatial(x), embedded))
        result: Tensor = x + self.project(F.leaky_relu(h, _SLOPE))
        return result


class _Blocks(nn.Module):
    """``depth`` blocks at one resolution."""

    def __init__(self, channels: int, depth: int, embedding: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(channels, embedding) for _ in range(depth))

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, embedded)
        return x


class TableUnet(nn.Module):
    """Luma and chroma go through one trunk, so that luma guides chroma. The luma correction is cut to the quantisation
    intervals inside the network, that of each coefficient at 1/8 resolution is at most half a step.
    """

    inputs = ("scale", "tables")
    """What the network takes beside the pixels."""

    def __init__(self, config: TableUnetConfig) -> None:
        super().__init__()
        self.config = config
        a, b, c, n = config.fine, config.middle, config.coarse, config.embedding
        picture = 3 * FOLD**2
        self.transforms = BlockDct()
        self.embed = nn.Linear(2 * BLOCK**2, n)
        self.first = nn.Conv2d(picture, a, 3, padding=1)
        self.down_fine = _Blocks(a, config.fine_blocks, n)
        self.to_middle = nn.Conv2d(4 * a, b, 1)
        self.down_middle = _Blocks(b, config.middle_blocks, n)
        self.to_coarse = nn.Conv2d(4 * b, c, 1)
        self.read = nn.Conv2d(_COEFFICIENTS, c, 1)
        self.coarse = _Blocks(c, config.coarse_blocks, n)
        self.change = nn.Conv2d(c, _COEFFICIENTS, 1)
        self.from_coarse = nn.Conv2d(c, 4 * b, 1)
        self.up_middle = _Blocks(b, config.middle_blocks, n)
        self.from_middle = nn.Conv2d(b, 4 * a, 1)
        self.up_fine = _Blocks(a, config.fine_blocks, n)
        self.last = nn.Conv2d(a, picture, 3, padding=1)
        for head in (self.change, self.last):
            zero_(head)

    def forward(self, pixels: Tensor, scale: Tensor, tables: Tensor) -> Tensor:
        """The correction in grey levels; see `corrections`."""
        return self.corrections(pixels, scale, tables)[0]

    def corrections(self, pixels: Tensor, scale: Tensor, tables: Tensor) -> list[Tensor]:
        """The correction to add to the picture, (B, 3, H, W) in grey levels, as a list of one: full resolution.

        ``pixels``: (B, 3, H, W) Y, Cb, Cr minus 128, sides multiples of 8, blocks from the first pixel on. ``scale``:
        (B, 3) grey levels that stand for 1 in the output. ``tables``: (B, 2, 8, 8) steps of luma and chroma.
        """
        luma, chroma = tables[:, 0].reshape(-1, 64, 1, 1), tables[:, 1].reshape(-1, 64, 1, 1)
        steps = torch.cat([luma, chroma, chroma], 1)
        embedded = F.leaky_relu(self.embed(torch.log2(tables.flatten(1)) * 0.5 - 2), _SLOPE)
        fine = self.down_fine(self.first(self.transforms.fold(pixels * _UNIT)), embedded)
        middle = self.down_middle(patches(fine, self.to_middle, 2), embedded)
        seen = (self.transforms.all_coefficients(pixels) / steps).clamp(-_LARGEST, _LARGEST)
        coarse = self.coarse(patches(middle, self.to_coarse, 2) + self.read(seen), embedded)
        change = 0.5 * torch.tanh(self.change(coarse)) * steps.to(coarse.dtype)
        middle = self.up_middle(middle + F.pixel_shuffle(self.from_coarse(coarse), 2), embedded)
        fine = self.up_fine(fine + F.pixel_shuffle(self.from_middle(middle), 2), embedded)
        correction = F.pixel_shuffle(self.last(fine), FOLD).to(scale.dtype) * scale[:, :, None, None]
        correction = correction + self.transforms.picture(change).to(correction.dtype)
        return [self.transforms.within(correction, luma)]
