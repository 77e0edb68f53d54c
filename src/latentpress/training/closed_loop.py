"""`ClosedLoopTraining`: predictors of blocks, trained on what the codec itself would have decoded around them.

Kamisli 2022 trains in rounds, each with the decoded pictures of the round before. Here a round is a step: crops are
coded by the network as it is, block by block, and then it learns from all their blocks at once. What it makes small is
an estimate of bits that needs no tables: the logarithm of each coefficient in steps.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.codecs.closed_loop import ONE, Around, Border, Residuals, in_waves, steps_of
from latentpress.codecs.rates import STEPS_PER_ANCHOR, last_rate
from latentpress.parts.integer import set_integer
from latentpress.training.coefficients import first_tables, measured_tables
from latentpress.training.data import Pictures
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Graph, Point, Training
from latentpress.transforms import Blocks, ToYcc

__all__ = ["ClosedLoopObjective", "ClosedLoopSizes", "ClosedLoopTraining"]

_VALIDATED = 256  # pixels of a side, from the middle of a picture


@dataclass(frozen=True, kw_only=True)
class ClosedLoopSizes:
    """anchors: of the rate, an octave of the step apart. coarsest: the step of quality 0, in grey levels."""

    anchors: int = setting(7, at_least=1)
    coarsest: float = setting(128.0, at_least=1)


@dataclass(frozen=True)
class ClosedLoopObjective:
    """closed: learn from decoded surroundings; else from those of the original picture, as with no codec around."""

    closed: bool = True


class ClosedLoopTraining(Training):
    """A subclass names the predictors of its network, which has ``transform()``, an orthonormal matrix (K, K)."""

    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": ClosedLoopObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "rms")
    at: ClassVar[str] = "rate"
    table_pictures: ClassVar[int] = 12
    border: ClassVar[Border]

    @abstractmethod
    def predictors(self, net: Any) -> Mapping[str, nn.Module]:
        """Networks (`latentpress.parts.predictor`) by name, of which the best counts for each block."""

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops, and a rate index for each."""
        return *super().draw(samples, rng), torch.from_numpy(
            rng.integers(0, last_rate(self.model.anchors) + 1, self.schedule.batch)
        )

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Estimated bits a pixel; figures: the same, and the root mean square of what predictions lack."""
        crops, rates = drawn
        return self._measured(net, self.pixels(crops).cpu().numpy(), rates.cpu().numpy())

    def validate(self, net: Any, held_out: Pictures) -> list[Point]:
        """Points at three rates, in the closed loop of the codec."""
        set_integer(net, True)
        points, last = [], last_rate(self.model.anchors)
        for rate in {0, last // 2, last}:
            rows = []
            for picture in held_out:
                top, left = (max(0, (length - _VALIDATED) // 2) for length in picture.shape[:2])
                part = picture[top : top + _VALIDATED, left : left + _VALIDATED].transpose(2, 0, 1)
                height, width = (length // self.border.side * self.border.side for length in part.shape[1:])
                figures = self._measured(net, part[None, :, :height, :width].astype(np.float32), np.array([rate]))[1]
                rows.append(figures.tolist())
            bpp, rms = np.mean(rows, axis=0).tolist()
            points.append(Point(rate, bpp, {"bpp": bpp, "rms": rms}))
        return points

    def _measured(self, net: Any, x: NDArray[np.float32], rates: NDArray[Any]) -> tuple[Tensor, Tensor]:
        features, target, steps = self._seen(net, x, rates)
        rest = target - self._guesses(net, features)
        scaled = (rest @ net.transform().T) / steps
        bits = 0.5 * torch.log2(1 + (2 * scaled).square()).sum(dim=2).amin(dim=0)
        bpp = bits.mean() / self.border.side**2
        rms = rest.detach().square().mean(dim=2).amin(dim=0).mean().sqrt()
        return bpp, torch.stack([bpp.detach(), rms])

    def _guesses(self, net: Any, features: Tensor) -> Tensor:
        """Predictions (count, N, K) in grey levels above the mean."""
        seen = features.T[None, :, :, None]
        return torch.cat([32 * one(seen)[:, :, :, 0].transpose(1, 2) for one in self.predictors(net).values()])

    @torch.no_grad()
    def _seen(self, net: Any, x: NDArray[np.float32], rates: NDArray[Any]) -> tuple[Tensor, Tensor, Tensor]:
        """Of all blocks of pictures (B, 3, H, W): features, grey levels above the mean (N, K), and steps (N, 1)."""
        blocks = np.stack([np.rint(Blocks(self.border.side).forward(ToYcc().forward(picture))) for picture in x])
        count, height, width, size = blocks.shape
        wanted = blocks.reshape(count, -1, size)
        residuals = Residuals(np.rint(ONE * net.transform().numpy()))
        each = steps_of(self.model.coarsest, last_rate(self.model.anchors), STEPS_PER_ANCHOR)[rates].astype(np.int64)
        found: list[tuple[NDArray[Any], ...]] = []

        def shaped(values: NDArray[Any]) -> NDArray[Any]:
            return values.reshape(count, -1, 3, self.border.side, self.border.side)

        def block_of(places: NDArray[Any], around: Around) -> NDArray[Any]:
            mean = np.repeat(around.mean, self.border.side**2, axis=2).reshape(-1, size)
            target = wanted[:, places].reshape(-1, size) - mean
            features, steps = self.border.features(around, rates), np.repeat(each, len(places))[:, None]
            found.append((features, target, steps))
            if not self.objective.closed:
                return shaped(wanted[:, places].astype(np.int64))
            guesses = self._guesses(net, torch.from_numpy(features)).numpy()
            best = np.square(target - guesses).sum(axis=2).argmin(axis=0)
            guess = np.rint(guesses[best, np.arange(len(target))]).astype(np.int64)
            levels = mean + guess + residuals.rest(residuals.symbols(target - guess, steps), steps)
            return shaped(np.clip(levels, -128, 127))

        in_waves(count, (height, width), self.border.side, self.border.reach, block_of)
        features, target, steps = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return torch.from_numpy(features), torch.from_numpy(target).float(), torch.from_numpy(steps).float() / 16

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The predictors."""
        seen = {"around": torch.zeros(1, self.border.inputs, 4, 4)}
        return {name: Graph(one, seen, ("levels",)) for name, one in self.predictors(net).items()}

    def sizes(self, net: Any) -> dict[str, Any]:
        """See `Training.sizes`."""
        return {"anchors": self.model.anchors, "steps_per_anchor": STEPS_PER_ANCHOR}

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """See `Training.tables`."""
        if model is not None:
            return dict(model.package.tables) | measured_tables(model, model.coder, sample)
        transform = np.rint(ONE * net.transform().detach().numpy()).astype(np.int16)
        steps = steps_of(self.model.coarsest, last_rate(self.model.anchors), STEPS_PER_ANCHOR)
        return {"transform": transform, "steps": steps} | first_tables(self.model.anchors, len(transform))
