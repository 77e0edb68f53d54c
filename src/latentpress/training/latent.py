"""Training of lossy codecs of latents at a variable rate: crops at random rates, noise, log2 of rate and distortion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.errors import InvalidInputError
from latentpress.parts.integer import set_integer
from latentpress.training.data import Pictures
from latentpress.training.plan import Plan
from latentpress.training.schedule import setting
from latentpress.training.structural import SMALLEST_SIDE, ms_ssim
from latentpress.training.system import Graph, Point, Training, psnr_of

if TYPE_CHECKING:
    from latentpress.models import ModelPackage

__all__ = ["LatentTraining", "Noise", "Objective", "Outcome", "log_loss", "whole_blocks"]

Noise = tuple[Tensor, ...] | None
"""Values in [0, 1) for each of `LatentTraining.noises`; None where nothing is learned, and values are rounded."""

_DISSIMILARITY = 2000.0  # squared grey levels that 1 - MS-SSIM = 1 stands for; it varies little from 0.08 to 2 bpp


@dataclass(frozen=True)
class Objective:
    """What a run learns for: see `log_loss`."""

    distortion: str = setting("mse", choices=("mse", "ms-ssim", "both"))
    average: str = setting("log", choices=("log", "plain"))


@dataclass(frozen=True)
class Outcome:
    """What coding a batch gives: ``bits`` (B,), estimates of all that is written; ``picture`` (B, 3, H, W) in grey
    levels, not clamped; ``hyper_bits`` (B,): how many of the bits are side information; ``values``: what the picture
    was made of, where somebody else wants to know.
    """

    bits: Tensor
    picture: Tensor
    hyper_bits: Tensor | None = None
    values: Tensor | None = None

    def bpp(self) -> Tensor:
        """Estimated bits a pixel (B,), all streams."""
        return self.bits / (self.picture.shape[-1] * self.picture.shape[-2])

    def mse(self, original: Tensor) -> Tensor:
        """Mean squared error of each picture (B,) in squared grey levels."""
        return (self.picture - original).square().mean(dim=(1, 2, 3))


class LatentTraining(Training):
    """Base of variable-rate lossy codecs. A subclass gives `network`, `code`, and for the export `tables` and
    what `graphs` and `sizes` lack.

    Every step sees all rates: each crop has a rate index of its own, one from each of ``batch`` equal parts of the
    range. ``[model]`` derives from `latentpress.parts.rate_table.RateRange` (``anchors``, ``last_rate``, ``lambdas``)
    and has ``latents`` and ``margin`` (`codecs.latent.LatentModel`).
    """

    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": Objective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "hyper_bpp")
    at: ClassVar[str] = "rate"
    recordable: ClassVar[bool] = True

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        super().__init__(plan, device)
        self._hard = False
        structural = isinstance(plan.objective, Objective) and plan.objective.distortion != "mse"
        if structural and plan.schedule.crop < SMALLEST_SIDE:
            raise InvalidInputError(f"recipe: ms-ssim needs crops of at least {SMALLEST_SIDE} pixels a side")

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """Send a batch through the codec. ``x``: (B, 3, H, W) grey levels, sides multiples of 64; ``rates``: (B,) rate
        indices. ``hard``: values are rounded as the encoder rounds them.
        """
        raise NotImplementedError

    def noises(self) -> Sequence[tuple[int, int]]:
        """Channels, and pixels a side for each value, of the noise that `code` gets. Default: latents at 1/16."""
        return [(self.model.latents, 16)]

    def enter(self, net: nn.Module, step: int) -> bool:
        """Whether values are rounded in this step, and exact networks compute in integers."""
        self._hard = bool(self.schedule.hard(step))
        set_integer(net, self._hard)
        return self._hard

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """What the crops are made of, rate indices, noise."""
        crops, *_ = super().draw(samples, rng)
        batch, crop = self.schedule.batch, self.schedule.crop
        rates = torch.from_numpy(_stratified(batch, self.model.last_rate, rng))
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        noise = [
            torch.rand(batch, channels, crop // stride, crop // stride, generator=generator, device=self.device)
            for channels, stride in self.noises()
        ]
        return crops, rates, *noise

    def loss(self, net: nn.Module, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """`log_loss`; figures: means of bits a pixel, PSNR, bits a pixel of side information."""
        crops, rates, *noise = drawn
        x = self.pixels(crops)
        outcome = self.code(net, x, rates, tuple(noise), self._hard)
        return self.cost(outcome, x, rates), self._figures(outcome, x)

    def cost(self, outcome: Outcome, x: Tensor, rates: Tensor) -> Tensor:
        """What is made small, and what weights are chosen by: `log_loss` as the objective says."""
        return log_loss(outcome, x, self.model.lambdas(rates), self.objective.distortion, self.objective.average)

    @torch.no_grad()
    def _figures(self, outcome: Outcome, x: Tensor) -> Tensor:
        hyper = outcome.hyper_bits if outcome.hyper_bits is not None else torch.zeros_like(outcome.bits)
        return torch.stack(
            [outcome.bpp().mean(), psnr_of(outcome.mse(x).mean()), hyper.mean() / (x.shape[2] * x.shape[3])]
        )

    def validate(self, net: nn.Module, held_out: Pictures) -> list[Point]:
        """Points at five rates, on the integer path: PSNR of the 8-bit output."""
        last = self.model.last_rate
        return [self._point(net, held_out, rate) for rate in range(0, last + 1, max(1, last // 4))]

    def _point(self, net: nn.Module, held_out: Pictures, rate: int) -> Point:
        set_integer(net, True)
        rows = []
        for picture in held_out:
            x = whole_blocks(picture).to(self.device)
            index = torch.tensor([rate], device=self.device)
            outcome = self.code(net, x, index, None, True)
            error = (outcome.picture.round().clamp(0, 255) - x).square().mean()
            rows.append([self.cost(outcome, x, index).item(), outcome.bpp().item(), psnr_of(error).item()])
        loss, bpp, psnr = np.mean(rows, axis=0).tolist()
        return Point(rate, loss, {"bpp": bpp, "psnr": psnr})

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The transforms; subclasses add networks of their entropy models."""
        c = self.model
        mix, x, y = torch.zeros(1, c.anchors), torch.zeros(1, 3, 64, 64), torch.zeros(1, c.latents, 8, 8)
        return {
            "analysis": Graph(net.analysis, {"x": x, "mix": mix}, ("latents",)),
            "synthesis": Graph(net.synthesis, {"values": y, "mix": mix}, ("pixels",)),
        }

    def sizes(self, net: Any) -> dict[str, Any]:
        """Numbers of latents and rates; subclasses add what else their models read."""
        c = self.model
        rates = {"anchors": c.anchors, "lambda_low": c.lambda_low, "lambda_high": c.lambda_high}
        return {"latents": c.latents, "margin": c.margin, "steps_per_anchor": STEPS_PER_ANCHOR} | rates

    def measured(self, package: ModelPackage, sample: Pictures) -> dict[str, Any]:
        """``reach``: how far the transforms look (`codecs.reach`), of a package that has both."""
        from latentpress.codecs.reach import reach_of

        if package.codec != self.plan.codec:  # networks for another package's files
            return {}
        return {"reach": reach_of(self.opened(package), sample)}


def log_loss(
    outcome: Outcome, original: Tensor, lambdas: Tensor, distortion: str = "mse", average: str = "log"
) -> Tensor:
    """Mean over the batch of log2(rate + lambda * distortion). ``distortion``: ``mse``, or ``ms-ssim``: 1 - MS-SSIM as
    the squared error that goes with it at every rate of a codec made for squared error; or ``both``, half of each.
    ``average``: ``plain`` takes the logarithm of the mean instead, which has the gradients of a plain mean but for a
    common factor.

    The logarithm gives every rate the same weight: a change of one per cent counts the same at 0.1 and at 2 bits a
    pixel.
    """
    parts = []
    if distortion != "ms-ssim":
        parts.append(outcome.mse(original))
    if distortion != "mse":
        parts.append(_DISSIMILARITY * (1 - ms_ssim(outcome.picture, original)))
    cost = outcome.bpp() + lambdas * sum(parts) / len(parts)
    return (torch.log(cost).mean() if average == "log" else torch.log(cost.mean())) / math.log(2)


def whole_blocks(picture: NDArray[np.uint8], block: int = 64) -> Tensor:
    """(1, 3, H, W) float32 of a picture (H, W, 3), cut to multiples of ``block``."""
    height, width = (side // block * block for side in picture.shape[:2])
    return torch.from_numpy(picture[:height, :width].transpose(2, 0, 1).copy()).to(torch.float32)[None]


def _stratified(count: int, last: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A rate index for each picture, one from each of ``count`` equal parts of the range."""
    places = (rng.permutation(count) + rng.random(count)) / count
    return np.minimum((places * (last + 1)).astype(np.int64), last)
