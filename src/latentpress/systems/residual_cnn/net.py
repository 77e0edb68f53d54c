"""Plain stacks of convolutions at full resolution that predict what a JPEG lacks: AR-CNN, L8 and DnCNN."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.blocks import zero_
from latentpress.training.schedule import setting

__all__ = ["LAYOUTS", "ResidualCnn", "ResidualCnnConfig"]

_UNIT = 1 / 64  # grey levels to network inputs
_CONTRAST = 4.0  # of the first kernels at the start: artefacts are far smaller than what the picture shows
_SLOPE = 0.1
_MULTIPLE = 8

LAYOUTS: dict[str, tuple[tuple[int, int], ...]] = {
    "ar-cnn": ((9, 64), (7, 32), (1, 16), (5, 3)),
    "l8": ((11, 32), (3, 64), (3, 64), (3, 64), (1, 64), (5, 64), (1, 128), (5, 3)),
    "dncnn": ((3, 64),) * 19 + ((3, 3),),
}
"""Kernel side and output channels of each layer. ar-cnn: Dong et al. 2015, arXiv 1504.06993. l8: Svoboda et al. 2016,
arXiv 1605.00366; the first layer's output goes to the sixth once more. dncnn: Zhang et al. 2017, arXiv 1608.03981.
"""

_SKIPS = {"l8": (0, 5)}  # the output of the first is added to the input of the second
_NORMALISED = {"dncnn"}


@dataclass(frozen=True)
class ResidualCnnConfig:
    """``layout``: one of `LAYOUTS`. ``share``: of its hidden channels, for quicker networks; 1 is the paper's width."""

    layout: str = setting("dncnn", choices=tuple(LAYOUTS))
    share: float = setting(1.0, at_least=0.05, at_most=4)

    @property
    def multiple(self) -> int:
        """Heights and widths have to be multiples of this."""
        return _MULTIPLE

    @property
    def margin(self) -> int:
        """Pixels around an output pixel that it can depend on, rounded up to the multiple."""
        reach = sum(kernel // 2 for kernel, _ in LAYOUTS[self.layout])
        return -(-reach // _MULTIPLE) * _MULTIPLE


class ResidualCnn(nn.Module):
    """Y, Cb and Cr go in together, where the papers had luma alone; the answer is a correction (a residual, as in
    DnCNN) in units of the quantisation, and zero at the start.

    Two things are not the papers', whose widths and millions of steps could do without. Rectifiers leak: at a few
    channels a layer all of them died within a thousand steps. The first kernels begin without a mean, so features tell
    of edges and not of brightness, which says nothing of artefacts and drowned the rest.
    """

    inputs = ("scale",)
    """What the network takes beside the pixels."""

    def __init__(self, config: ResidualCnnConfig) -> None:
        super().__init__()
        self.config = config
        layers = LAYOUTS[config.layout]
        outputs = [max(4, round(size * config.share)) for _, size in layers[:-1]] + [3]
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, kernel, padding=kernel // 2)
            for (before, after), (kernel, _) in zip(itertools.pairwise([3, *outputs]), layers, strict=True)
        )
        inner = outputs[1:-1] if config.layout in _NORMALISED else []
        self.norms = nn.ModuleList(nn.BatchNorm2d(size) for size in inner)
        self.skip = _SKIPS.get(config.layout)
        if self.skip and outputs[self.skip[0]] != outputs[self.skip[1] - 1]:
            self.bridge: nn.Module = nn.Conv2d(outputs[self.skip[0]], outputs[self.skip[1] - 1], 1)
        else:
            self.bridge = nn.Identity()
        for conv in self.convs[:-1]:
            nn.init.kaiming_normal_(conv.weight, a=_SLOPE)  # type: ignore[arg-type]  # a convolution's
        first: Tensor = self.convs[0].weight.data  # type: ignore[assignment]  # a convolution's
        first.sub_(first.mean(dim=(2, 3), keepdim=True)).mul_(_CONTRAST)
        zero_(self.convs[-1])  # type: ignore[arg-type]  # a convolution

    def forward(self, pixels: Tensor, scale: Tensor) -> Tensor:
        """The correction in grey levels; see `corrections`."""
        return self.corrections(pixels, scale)[0]

    def corrections(self, pixels: Tensor, scale: Tensor) -> list[Tensor]:
        """The correction to add to the picture, (B, 3, H, W) in grey levels, as a list of one: full resolution.

        ``pixels``: (B, 3, H, W) Y, Cb, Cr minus 128. ``scale``: (B, 3) grey levels that stand for 1 in the output.
        """
        x, kept = pixels * _UNIT, None
        for number, conv in enumerate(self.convs):
            if self.skip and number == self.skip[1]:
                assert kept is not None
                x = x + self.bridge(kept)
            x = conv(x)
            if number < len(self.convs) - 1:
                if 0 < number <= len(self.norms):
                    x = self.norms[number - 1](x)
                x = F.leaky_relu(x, _SLOPE)
            if self.skip and number == self.skip[0]:
                kept = x
        return [x.to(scale.dtype) * scale[:, :, None, None]]
