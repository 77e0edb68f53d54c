"""Training of both networks around real JPEG files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage
from torch import Tensor

from latentpress.systems.comcnn.layout import QUALITIES, STRIDE
from latentpress.systems.comcnn.net import ComCnnNet, Sizes
from latentpress.training.data import Pictures
from latentpress.training.latent import whole_blocks
from latentpress.training.schedule import setting
from latentpress.training.system import Graph, Player, Point, Samples, Training, psnr_of

__all__ = ["ComCnnTraining", "Objective"]

_VALIDATED = (10, 25, 50, 80)  # qualities
_SIDE = 512  # pixels of a validated picture, at most


@dataclass(frozen=True)
class Objective:
    """``lowest``, ``highest``: qualities of the JPEG inside. ``keep``: weight of the squared distance of the small
    picture from that of the filter alone, so that it stays one that codecs know how to code.
    """

    lowest: int = setting(5, at_least=1, at_most=QUALITIES)
    highest: int = setting(90, at_least=1, at_most=QUALITIES)
    keep: float = setting(1.0, at_least=0)


class ComCnnTraining(Training):
    """The codec inside has no gradient. As in the paper ComCNN learns as if there were none, and RecCNN from what comes
    out of it; both in turn, step by step.
    """

    model_type = Sizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": Objective}
    figures: ClassVar[tuple[str, ...]] = ("psnr", "moved")
    at: ClassVar[str] = "quality"
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "values": STRIDE}

    def network(self, samples: Samples | None) -> ComCnnNet:
        """Cubic filters, with networks beside them that add nothing yet."""
        return ComCnnNet(self.model)

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops, and a quality for each."""
        qualities = rng.integers(self.objective.lowest, self.objective.highest + 1, self.schedule.batch)
        return *super().draw(samples, rng), torch.from_numpy(qualities)

    def players(self, net: Any) -> Sequence[Player]:
        """RecCNN learns from what real files show; ComCNN, less often, from what it would show without."""
        behind, before = {1.0: list(net.synthesis.parameters())}, {0.3: list(net.analysis.layers.parameters())}
        return [
            Player("RecCNN", behind, lambda *drawn: self._restored(net, *drawn)),
            Player("ComCNN", before, lambda *drawn: self._compacted(net, *drawn), every=4),
        ]

    def _restored(self, net: Any, crops: Tensor, qualities: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of the logarithm of squared errors; figure: PSNR."""
        x = self.pixels(crops)
        with torch.no_grad():
            small = net.analysis(x)
        error = self._error(net, x, _through_jpeg(small, qualities.tolist()), qualities)
        return torch.log(error).mean(), psnr_of(error.detach().mean())[None]

    def _compacted(self, net: Any, crops: Tensor, qualities: Tensor) -> tuple[Tensor, Tensor]:
        """The same without a codec, and ``keep``; figure: the distance that ``keep`` holds small."""
        x = self.pixels(crops)
        small = net.analysis(x)
        error, moved = self._error(net, x, small, torch.full_like(qualities, QUALITIES)), _moved(net, x, small)
        return torch.log(error + self.objective.keep * moved).mean(), moved.detach().mean()[None]

    def validate(self, net: Any, held_out: Pictures) -> list[Point]:
        """PSNR at four qualities, of the middle of each picture."""
        points = []
        for quality in _VALIDATED:
            rows = []
            for picture in held_out:
                x = whole_blocks(picture[:_SIDE, :_SIDE])
                small, qualities = net.analysis(x), torch.tensor([quality])
                error = self._error(net, x, _through_jpeg(small, [quality]), qualities)
                rows.append((psnr_of(error).item(), _moved(net, x, small).item()))
            psnr, distance = np.mean(rows, axis=0).tolist()
            points.append(Point(quality, -psnr, {"psnr": psnr, "moved": distance}))
        return points

    def _error(self, net: Any, x: Tensor, small: Tensor, qualities: Tensor) -> Tensor:
        """Squared errors (B,) of the pictures that RecCNN makes of small ones."""
        level = (qualities / QUALITIES).float().view(-1, 1, 1, 1).expand(-1, 1, *small.shape[2:])
        error: Tensor = (net.synthesis(torch.cat([small, level], dim=1)) - x).square().mean(dim=(1, 2, 3))
        return error

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """Both networks."""
        return {
            "analysis": Graph(net.analysis, {"x": torch.zeros(1, 3, 64, 64)}, ("latents",)),
            "synthesis": Graph(net.synthesis, {"values": torch.zeros(1, 4, 32, 32)}, ("pixels",)),
        }


def _moved(net: Any, x: Tensor, small: Tensor) -> Tensor:
    """Squared distances (B,) of small pictures from what the filter alone makes."""
    filtered = net.analysis.filter(x - 128) + 128
    distance: Tensor = (small - filtered).square().mean(dim=(1, 2, 3))
    return distance


def _through_jpeg(small: Tensor, qualities: list[int]) -> Tensor:
    """Pictures (B, 3, h, w) as JPEG files of these qualities show them."""
    shown: list[NDArray[np.float32]] = []
    for picture, quality in zip(small.round().clamp(0, 255).to(torch.uint8), qualities, strict=True):
        buffer = io.BytesIO()
        PillowImage.fromarray(picture.permute(1, 2, 0).numpy().copy()).save(buffer, "JPEG", quality=quality)
        shown.append(np.asarray(PillowImage.open(buffer)).transpose(2, 0, 1).astype(np.float32))
    return torch.from_numpy(np.stack(shown))
