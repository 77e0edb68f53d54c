"""Training of both networks around what a codec inside shows, of photographs above water or under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.systems.comcnn.behind import BEHIND
from latentpress.systems.comcnn.layout import MARGIN, QUALITIES, STRIDE
from latentpress.systems.comcnn.net import ComCnnNet, Sizes
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures
from latentpress.training.latent import whole_blocks
from latentpress.training.schedule import setting
from latentpress.training.system import Folders, Graph, Player, Point, Samples, Say, Training, psnr_of
from latentpress.training.transplant import transplant
from latentpress.training.underwater import random_water, under_water

__all__ = ["ComCnnTraining", "Objective"]

_VALIDATED = (10, 25, 50, 80)  # qualities
_SIDE = 512  # pixels of a validated picture, at most
_QUIET = 0.1  # of its random weights that a layer begins with, where a shallower network is gone on with


@dataclass(frozen=True)
class Objective:
    """``lowest``, ``highest``: qualities of the codec ``inner``. ``keep``: weight of the squared distance of the small
    picture from that of the filter alone, so that it stays one that codecs know how to code. ``underwater``: crops are
    put under water, each under its own, and the pictures that are validated under clear water.
    """

    lowest: int = setting(5, at_least=1, at_most=QUALITIES)
    highest: int = setting(90, at_least=1, at_most=QUALITIES)
    keep: float = setting(1.0, at_least=0)
    inner: str = setting("jpeg", choices=tuple(BEHIND))
    underwater: bool = False


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

    def adopt(self, other: Checkpoint, net: nn.Module) -> dict[str, Tensor]:
        """What fits of another network's weights; layers that it lacks begin by adding little."""
        state = transplant(other.average, net.state_dict())
        return {name: value if name in other.average else _QUIET * value for name, value in state.items()}

    def held_out(self, valid: Folders, samples: Pictures, say: Say) -> Pictures:
        """See `Training.held_out`; under water if crops are."""
        pictures = super().held_out(valid, samples, say)
        return [under_water(one[:_SIDE, :_SIDE]) for one in pictures] if self.objective.underwater else pictures

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops, and a quality for each."""
        qualities = rng.integers(self.objective.lowest, self.objective.highest + 1, self.schedule.batch)
        drawn = super().draw(samples, rng)
        if self.objective.underwater:
            crops = self.pixels(drawn[0].to(self.device)).permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy()
            seen = np.stack([under_water(crop, random_water(rng)) for crop in crops])
            drawn = (torch.from_numpy(seen).permute(0, 3, 1, 2),)
        return *drawn, torch.from_numpy(qualities)

    def players(self, net: Any) -> Sequence[Player]:
        """RecCNN learns from what real files show; ComCNN, less often, from what it would show without."""
        behind, before = {1.0: list(net.synthesis.parameters())}, {0.3: list(net.analysis.layers.parameters())}
        return [
            Player("RecCNN", behind, lambda *drawn: self._restored(net, *drawn)),
            Player("ComCNN", before, lambda *drawn: self._compacted(net, *drawn), every=4),
        ]

    def _restored(self, net: Any, crops: Tensor, qualities: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of the logarithm of squared errors; figure: PSNR."""
        x = self._seen(crops)
        with torch.no_grad():
            small = net.analysis(x)
        error = self._error(net, x, self._through(small, qualities.tolist()), qualities)
        return torch.log(error).mean(), psnr_of(error.detach().mean())[None]

    def _compacted(self, net: Any, crops: Tensor, qualities: Tensor) -> tuple[Tensor, Tensor]:
        """The same without a codec, and ``keep``; figure: the distance that ``keep`` holds small."""
        x = self._seen(crops)
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
                error = self._error(net, x, self._through(small, [quality]), qualities)
                rows.append((psnr_of(error).item(), _moved(net, x, small).item()))
            psnr, distance = np.mean(rows, axis=0).tolist()
            points.append(Point(quality, -psnr, {"psnr": psnr, "moved": distance}))
        return points

    def _seen(self, crops: Tensor) -> Tensor:
        """See `pixels`; what is under water is there already."""
        return crops.to(self.device, torch.float32) if self.objective.underwater else self.pixels(crops)

    def _through(self, small: Tensor, qualities: list[int]) -> Tensor:
        """What the codec inside shows."""
        return BEHIND[self.objective.inner](small.cpu(), qualities).to(small.device)

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

    def sizes(self, net: Any) -> dict[str, Any]:
        """``margin``, where many layers look further than the usual one; ``inner``, if that is not JPEG."""
        reach, inner = self.model.layers + 2, self.objective.inner
        return ({"margin": reach} if reach > MARGIN else {}) | ({"inner": inner} if inner != "jpeg" else {})


def _moved(net: Any, x: Tensor, small: Tensor) -> Tensor:
    """Squared distances (B,) of small pictures from what the filter alone makes."""
    filtered = net.analysis.filter(x - 128) + 128
    distance: Tensor = (small - filtered).square().mean(dim=(1, 2, 3))
    return distance
