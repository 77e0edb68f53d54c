"""CAS-CNN (Cavigelli et al. 2017, arXiv 1611.07233): a convolutional network at four resolutions that takes JPEG
artefacts away, for luma and chroma and for every quantisation table.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.blocks import zero_
from latentpress.parts.restorers import CONDITIONS, Modulation

__all__ = ["CasCnn", "CasCnnConfig", "UpConv"]

_SLOPE = 0.1


@dataclass(frozen=True)
class CasCnnConfig:
    """``entrance``: 1, or 2 to fold 2x2 pixels into channels first, so that every level has half the side. ``a`` to
    ``d``: channels of the four levels, finest first. ``up_a`` to ``up_c``: channels of the way back up at each level.
    ``embedding``: size of the vector that the quantisation is described by inside the network.
    """

    entrance: int = 2
    a: int = 32
    b: int = 48
    c: int = 96
    d: int = 128
    up_a: int = 32
    up_b: int = 48
    up_c: int = 64
    embedding: int = 32

    @property
    def multiple(self) -> int:
        """Heights and widths have to be multiples of this."""
        return 8 * self.entrance

    @property
    def margin(self) -> int:
        """Pixels around an output pixel that it can depend on, rounded up to the multiple.

        Two 3x3 convolutions a level on the way down; one step to each finer level, through a transposed convolution
        or an output, and the last layer on the way up.
        """
        down = sum(2 * 2**level for level in range(4))
        up = sum(2**level for level in range(4))
        reach: int = (down + up + 7) * self.entrance  # 7: a pixel's place in its cell of the coarsest level
        return -(-reach // self.multiple) * self.multiple


class _Layer(nn.Module):
    """3x3 convolution, modulation, leaky rectifier."""

    def __init__(self, inputs: int, outputs: int, embedding: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        nn.init.kaiming_normal_(self.conv.weight, a=_SLOPE)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # it has one
        self.modulation = Modulation(embedding, outputs)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        return F.leaky_relu(self.modulation(self.conv(x), embedded), _SLOPE)


class _Half(nn.Module):
    """2x2 means, as the depth-wise convolution that they are."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((channels, 1, 2, 2), 0.25), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.mean, stride=2, groups=x.shape[1])  # type: ignore[arg-type]  # a buffer


class UpConv(nn.Module):
    """Transposed 4x4 convolution of stride 2, computed as what it is: four 2x2 convolutions whose outputs interleave.

    Input (B, inputs, H, W), output (B, outputs, 2 H, 2 W).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, 4 * outputs, 2, padding=1)
        nn.init.kaiming_normal_(self.conv.weight, a=_SLOPE)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(x), 2)[:, :, 1:-1, 1:-1]


class CasCnn(nn.Module):
    """Twelve layers on the main path, in four levels of two on the way down, three transposed ones on the way up and
    the last. Each level of the way up gets the features of its level of the way down, and the output of the coarser
    level. Outputs are corrections of the picture in units of the quantisation.
    """

    inputs = ("condition", "scale")
    """What the network takes beside the pixels."""

    def __init__(self, config: CasCnnConfig) -> None:
        super().__init__()
        self.config = config
        c, n = config, config.embedding
        picture = 3 * c.entrance**2
        self.embed = nn.Linear(CONDITIONS, n)
        down = (c.a, c.b, c.c, c.d)
        before = (picture, c.a, c.b, c.c)
        self.first = nn.ModuleList(_Layer(i, o, n) for i, o in zip(before, down, strict=True))
        self.second = nn.ModuleList(_Layer(o, o, n) for o in down)
        up = (c.up_a, c.up_b, c.up_c)
        joined = [u + d + picture for u, d in zip(up, down, strict=False)] + [c.d]
        self.up = nn.ModuleList(UpConv(joined[level + 1], up[level]) for level in range(3))
        self.modulations = nn.ModuleList(Modulation(n, size) for size in up)
        heads = [nn.Conv2d(size, picture, 3, padding=1) for size in joined]
        for head in heads:
            zero_(head)
        self.heads = nn.ModuleList(heads)
        self.halves = nn.ModuleList(_Half(size) for size in before[1:])
        fold = torch.eye(picture).view(picture, 3, c.entrance, c.entrance)  # pixel_unshuffle
        self.register_buffer("fold", fold, persistent=False)
        self.register_buffer("repeat", torch.eye(picture).repeat_interleave(4, 0)[:, :, None, None], persistent=False)

    def forward(self, pixels: Tensor, condition: Tensor, scale: Tensor) -> Tensor:
        """The correction of full resolution; see `corrections`."""
        return self.corrections(pixels, condition, scale)[0]

    def corrections(self, pixels: Tensor, condition: Tensor, scale: Tensor) -> list[Tensor]:
        """Corrections to add to the picture, in grey levels, of full, 1/2, 1/4 and 1/8 resolution.

        ``pixels``: (B, 3, H, W) Y, Cb, Cr minus 128, sides multiples of ``config.multiple``. ``condition``: (B,
        CONDITIONS). ``scale``: (B, 3) grey levels that stand for 1 in the outputs for Y, Cb and Cr.
        """
        embedded = F.leaky_relu(self.embed(condition), _SLOPE)
        x = pixels * (1 / 64)
        if self.config.entrance > 1:
            x = F.conv2d(x, self.fold, stride=self.config.entrance)  # type: ignore[arg-type]  # a buffer
        features = []
        for level, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            x = second(first(self.halves[level - 1](x) if level else x, embedded), embedded)
            features.append(x)
        joined = features[3]
        outputs = [self.heads[3](joined)]
        for level in (2, 1, 0):
            up = F.leaky_relu(self.modulations[level](self.up[level](joined), embedded), _SLOPE)
            coarse = F.pixel_shuffle(F.conv2d(outputs[0], self.repeat), 2)  # type: ignore[arg-type]  # a buffer
            joined = torch.cat([up, features[level], coarse], 1)
            outputs.insert(0, self.heads[level](joined))
        if self.config.entrance > 1:
            outputs = [F.pixel_shuffle(out, self.config.entrance) for out in outputs]
        return [out.to(scale.dtype) * scale[:, :, None, None] for out in outputs]
