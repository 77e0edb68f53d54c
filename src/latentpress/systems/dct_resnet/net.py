"""A residual network of pixels, and the same one on DCT blocks: JPEG transform domain residual learning (Ehrlich and
Davis 2019).
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pixel_unshuffle

from latentpress.transforms import dct_matrix
from latentpress.transforms.blocks import separable

__all__ = ["EXACT", "BlockConvolution", "BlockRelu", "ResNet", "approximate", "blocks_of", "in_frequency"]

EXACT = 15
"""Diagonals of a block: with so many, `BlockRelu` is exact."""

_BASIS = torch.from_numpy(separable(dct_matrix()))  # (64, 64): a block's samples, row by row, to its coefficients
_DIAGONAL = torch.from_numpy(np.add.outer(np.arange(8), np.arange(8)).ravel())


class ResNet(nn.Module):
    """Planes (B, channels, side, side) to scores (B, classes): a convolution, a residual block of 8 channels, one of 16
    at half resolution, means of 8x8 places, a full layer. side: a multiple of 16.
    """

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.stem: nn.Module = nn.Conv2d(channels, 8, 3, padding=1)
        self.first = _Residual(8, 8, 1)
        self.second = _Residual(8, 16, 2)
        self.relu: nn.Module = nn.ReLU()
        self.mean: nn.Module = nn.AvgPool2d(8)
        self.head = nn.Linear(16 * (side // 16) ** 2, classes)

    def forward(self, planes: Tensor) -> Tensor:
        """Scores."""
        features = self.second(self.first(self.relu(self.stem(planes))))
        scores: Tensor = self.head(self.mean(features).flatten(1))
        return scores


class _Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.one: nn.Module = nn.Conv2d(before, after, 3, stride, 1)
        self.two: nn.Module = nn.Conv2d(after, after, 3, padding=1)
        self.around: nn.Module = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()
        self.relu: nn.Module = nn.ReLU()

    def forward(self, planes: Tensor) -> Tensor:
        around, inner = self.around(planes), self.two(self.relu(self.one(planes)))
        result: Tensor = self.relu(inner + around)
        return result


class BlockConvolution(nn.Module):
    """A convolution of planes as one of their DCT blocks (B, 64 C, rows, columns), exact: a block of the result depends
    on a block and its eight neighbours, linearly. For 3x3 kernels with padding 1 and 1x1 ones, strides 1 and 2.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        before, after, self.stride = layer.in_channels, layer.out_channels, layer.stride[0]
        waves = torch.zeros(9, 64, 24, 24)  # each frequency in each of 3x3 blocks
        for place in range(9):
            top, left = 8 * (place // 3), 8 * (place % 3)
            waves[place, :, top : top + 8, left : left + 8] = _BASIS.reshape(64, 8, 8)
        with torch.no_grad():
            size = layer.kernel_size[0]
            seen = slice(8 - size // 2, 8 + 7 * self.stride + size // 2 + 1)  # what the block in the middle depends on
            kernels = layer.weight.reshape(after * before, 1, size, size)
            middle = conv2d(waves[:, :, seen, seen].flatten(0, 1)[:, None], kernels, stride=self.stride)
            coefficients = middle.reshape(9, 64, after, before, 64) @ _BASIS.T
            weight = coefficients.permute(2, 4, 3, 1, 0).reshape(after * 64, before * 64, 3, 3)
            bias = torch.zeros(after, 64)
            if layer.bias is not None:
                bias[:, 0] = 8 * layer.bias
        self.register_buffer("weight", weight.contiguous())
        self.register_buffer("bias", bias.ravel())

    def forward(self, blocks: Tensor) -> Tensor:
        """Blocks of the result."""
        assert isinstance(self.weight, Tensor)
        assert isinstance(self.bias, Tensor)
        return conv2d(blocks, self.weight, self.bias, self.stride, 1)


class BlockRelu(nn.Module):
    """max(0, x) of the samples behind DCT blocks (B, 64 C, rows, columns), approximated.

    diagonals: frequencies with u + v below this number (1..15) decide. masked: what they say is where samples are
    positive, and all frequencies are kept there (the paper's ASM); else the samples that these frequencies alone give
    are cut off at zero (its APX). Both are exact for 15.
    """

    def __init__(self, diagonals: int = EXACT, *, masked: bool = True) -> None:
        super().__init__()
        self.diagonals, self.masked = diagonals, masked

    def forward(self, blocks: Tensor) -> Tensor:
        """Blocks of the result."""
        batch, channels, rows, columns = blocks.shape
        vectors = blocks.reshape(batch, channels // 64, 64, rows, columns).movedim(2, -1)
        guess = (vectors * (self.diagonals > _DIAGONAL)) @ _BASIS
        samples = (vectors @ _BASIS) * (guess > 0) if self.masked else guess.clamp_min(0)
        return (samples @ _BASIS.T).movedim(-1, 2).reshape(blocks.shape)


class _Means(nn.Module):
    """The mean of each block's samples, (B, C, rows, columns), from its first coefficient."""

    def forward(self, blocks: Tensor) -> Tensor:
        return blocks[:, ::64] / 8


def in_frequency(net: ResNet) -> ResNet:
    """The network on DCT blocks that computes what ``net`` does on planes."""
    made = copy.deepcopy(net)
    for part in (made, made.first, made.second):
        for name, layer in part.named_children():
            if isinstance(layer, nn.Conv2d):
                setattr(part, name, BlockConvolution(layer))
            elif isinstance(layer, nn.ReLU):
                setattr(part, name, BlockRelu())
    made.mean = _Means()
    return made.eval()


def approximate(net: nn.Module, diagonals: int, *, masked: bool = True) -> nn.Module:
    """The same network, all of whose `BlockRelu` approximate so from now on."""
    for layer in net.modules():
        if isinstance(layer, BlockRelu):
            layer.diagonals, layer.masked = diagonals, masked
    return net


def blocks_of(planes: Tensor) -> Tensor:
    """DCT blocks (B, 64 C, H / 8, W / 8) of planes (B, C, H, W) whose sides are multiples of 8."""
    batch, channels, height, width = planes.shape
    vectors = pixel_unshuffle(planes, 8).reshape(batch, channels, 64, height // 8, width // 8).movedim(2, -1)
    return (vectors @ _BASIS.T).movedim(-1, 2).reshape(batch, channels * 64, height // 8, width // 8)
