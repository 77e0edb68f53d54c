"""Training of the lifting steps: few bits for the bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.reversible import LEVELS
from latentpress.image.colour import rgb_to_yuv
from latentpress.parts.integer import set_integer
from latentpress.systems.learned_lifting.layout import PREDICT, UPDATE, Sight
from latentpress.systems.learned_lifting.net import Lifting, LiftingConfig
from latentpress.training.data import Pictures, sample_crops
from latentpress.training.schedule import CropSchedule
from latentpress.training.system import Graph, Point, Training

__all__ = ["LiftingTraining"]

_UNIT = 2**LEVELS
_FLOOR = 1.0  # bits; planes without contrast count less


@dataclass(frozen=True)
class _Schedule(CropSchedule):
    mixed_precision: bool = False


class LiftingTraining(Training):
    """Trains `Lifting`."""

    model_type, schedule_type = LiftingConfig, _Schedule
    figures: ClassVar[tuple[str, ...]] = ("bits",)
    at: ClassVar[str] = "levels"
    strides: ClassVar[dict[str, float]] = {"features": 1}

    def network(self, samples: Pictures | None) -> nn.Module:
        """The 5/3 wavelet."""
        return Lifting(self.model)

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Y, U, V of crops, as planes (3 B, H, W)."""
        crops = sample_crops(samples, self.schedule.batch, self.schedule.crop, rng)
        return (torch.cat([_planes(crop.transpose(1, 2, 0)) for crop in crops]),)

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Bits as a share of those of the 5/3 wavelet, mean over planes: else textures would own the gradient."""
        planes = drawn[0].to(self.device)
        bits = _bits(net, planes)
        with torch.no_grad():
            plain = _bits(net, planes, silent=True)
        return (bits / (plain + _FLOOR)).mean(), bits.detach().mean()[None]

    def validate(self, net: nn.Module, held_out: Pictures) -> list[Point]:
        """The loss of whole pictures, by networks in whole numbers."""
        set_integer(net, True)
        with torch.no_grad():
            found = [self.loss(net, _planes(picture)) for picture in held_out]
        share, bits = np.mean([[float(share), float(bits)] for share, bits in found], axis=0)
        return [Point(LEVELS, float(share), {"bits": float(bits)})]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """Features in, answers out, in units of 2^BITS levels."""

        def graph(step: nn.Module, sight: Sight) -> Graph:
            return Graph(step, {"features": torch.zeros(1, sight.count, 8, 8)}, ("answers",))

        return {"predict": graph(net.predict, PREDICT), "update": graph(net.update, UPDATE)}


def _planes(pixels: Any) -> Tensor:
    """(3, H, W) Y, U, V in whole numbers of (H, W, 3) RGB, cut to whole squares of the coarsest level."""
    height, width = (side // _UNIT * _UNIT for side in pixels.shape[:2])
    return torch.from_numpy(rgb_to_yuv(pixels[:height, :width].astype(np.int32))).float()


def _bits(net: Lifting, planes: Tensor, silent: bool = False) -> Tensor:
    """(B,) bits a coefficient of planes (B, H, W), about: log2(1 + 2 m) for details d of mean magnitude m in a square
    of 3x3, since a coder knows from what is around how large they are.
    """
    details = net.bands(planes, LEVELS, silent)[:-1]
    near = [F.avg_pool2d(band.abs()[:, None], 3, 1, 1, count_include_pad=False) for band in details]
    total = torch.stack([torch.log2(1 + 2 * one).sum(dim=(1, 2, 3)) for one in near]).sum(0)
    return total / sum(band[0].numel() for band in details)
