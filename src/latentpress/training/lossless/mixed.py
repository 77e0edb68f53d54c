"""What trainings of lossless codecs with mixtures share: crops, code length as the loss, whole pictures to validate."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.parts.integer import set_integer
from latentpress.training.system import Point, Samples, Training

__all__ = ["MixedTraining"]

_SIDE = 256  # pixels of the middle of a picture that is validated on
_UNIT = 32


class MixedTraining(Training):
    """Base of trainings on crops of pictures, which should be lossless ones, for bits a sample."""

    strides: ClassVar[Mapping[str, float]] = {"x": 1}

    @abstractmethod
    def priced(self, net: Any, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """What is to become small, and the figures (1-D), for pixels (B, 3, H, W) in grey levels."""

    def loss(self, net: nn.Module, *drawn: Any) -> tuple[Tensor, Tensor]:
        """Of crops."""
        total, figures = self.priced(net, self.pixels(drawn[0]))
        return total, figures.detach()

    def validate(self, net: nn.Module, held_out: Samples) -> list[Point]:
        """Means over the middles of pictures, networks in integers."""
        set_integer(net, True)
        losses, figures = [], []
        with torch.no_grad():
            for picture in held_out:
                height, width = (min(_SIDE, side - side % _UNIT) for side in picture.shape[:2])
                top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
                part = picture[top : top + height, left : left + width].transpose(2, 0, 1)[None]
                pixels = torch.from_numpy(np.ascontiguousarray(part)).to(self.device).float()
                total, found = self.priced(net, pixels)
                losses.append(total.item())
                figures.append(found.cpu().numpy())
        means = np.mean(figures, axis=0)
        return [Point("", float(np.mean(losses)), dict(zip(self.figures, map(float, means), strict=True)))]

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """How many components the mixtures have."""
        return {"components": self.model.components}
