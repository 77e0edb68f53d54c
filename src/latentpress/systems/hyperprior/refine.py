"""Latents chosen for one picture: the encoder's search for values that cost less at equal error.

Proximal gradient descent (iterative shrinkage; Daubechies, Defrise and De Mol 2004) on rate + lambda * error over what
the decoder will really get. The gradient of the error, and of what later passes cost, says where each value had better
be; the rate-aware `Rounding` is the proximal step, which moves it to the whole number that is worth its bits. Each
move goes on with half of the one before (the heavy ball of Polyak 1964). The analysis network only guesses such a
point: its guess is where the search begins.

lambda is ruled by the error. What is searched is the smallest file of the error that the guess has, and at the lambda
of training the search would end nearer to the picture than that. So it goes on with six tenths of it, and from round to
round with as much more or less as brings the error back to that of the guess. The file is an ordinary one. Needs torch
(the extra ``train``).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latentpress._extras import needs_extra
from latentpress.codecs.mean_scale.layout import context_name
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.rounding import ROUNDING_WEIGHT, Rounding
from latentpress.engine import TorchNetwork
from latentpress.errors import UnsupportedError
from latentpress.models import ModelPackage
from latentpress.progress import steps

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["refine"]

_FIRST_STEP, _LAST_STEP, _SHORTER = 0.5, 0.1, 0.9  # of the way to where the gradient points
_MOMENTUM = 0.5  # of the last move that the next one goes on with; half as much at first
_FIRST_SHARE = 0.6  # of lambda, after the guess itself
_LEAST, _MOST = 0.85, 1.18  # that the share is multiplied by from one round to the next
_WORTH = 0.58  # per cent of bits that a per cent of error counts for, when rounds are compared
_TINY = 1e-9  # error of a picture that is found without any

Float = NDArray[np.float32]
Window = tuple[slice, slice]


def refine(
    model: MeanScaleModel,
    pixels: Float,
    latents: Float,
    inside: Window,
    rate: int,
    weight: float,
    rounds: Sequence[int],
) -> Iterator[tuple[Float, float]]:
    """Better and better latents (M, h, w), in quantisation steps, of the part ``inside`` of a window, and the weight of
    `Rounding` that they were found with: the best after each of the numbers of ``rounds``, which rise.

    pixels (1, 3, 16H, 16W): the window in grey levels; latents (M, H, W): what the analysis makes of it. The latents
    around the part stay as they are, so that its error is judged with its neighbours in place. weight: the usual one of
    the rounding. What is found after so many rounds does not depend on how many follow.

    Raises MissingExtraError without torch, UnsupportedError for a model that does not say its trade-off.
    """
    with needs_extra("effort above 1", "train"):
        import torch

        search = _Search(model, _graphs(model.package), torch.from_numpy(pixels), rate, weight)
    around = torch.from_numpy(np.floor(latents + np.float32(0.5)))
    target = np.ascontiguousarray(latents[(slice(None), *inside)])
    best, lowest, move, share, asked = (target, weight), math.inf, np.zeros_like(target), 1.0, 0.0
    for done in steps(range(rounds[-1] + 1), rounds[-1] + 1):
        point = search.at(target, around, inside, share)
        if point.score < lowest:
            best, lowest = (target, weight * share), point.score
        if done in rounds:
            yield best
        step = max(_LAST_STEP, _FIRST_STEP * _SHORTER**done)
        # At its optimum a value stands where the error would cost the weight in bits for each squared step around.
        towards = point.values - point.slope / np.float32(2 * weight * share) - target
        move = np.float32(step) * towards + np.float32(_MOMENTUM if done > 1 else _MOMENTUM / 2) * move
        target = target + move
        if done == 0:
            asked, share = point.error, _FIRST_SHARE
        else:
            share *= min(max((point.error / asked) ** 2, _LEAST), _MOST)


@dataclass(frozen=True)
class _Point:
    """bits, and the mean squared error. values (M, h, w): what the decoder gets. slope: of bits and weighted error over
    them.
    """

    bits: float
    error: float
    values: Float
    slope: Float

    @property
    def score(self) -> float:
        """The logarithm of the bits that would do at equal error, but for a constant."""
        return math.log(self.bits + 1) + _WORTH * math.log(self.error)


class _Search:
    """Cost and gradient of latents of a picture at a rate."""

    def __init__(
        self,
        model: MeanScaleModel,
        graphs: dict[str, TorchNetwork],
        pixels: Tensor,
        rate: int,
        weight: float,
    ) -> None:
        import torch

        self._model, self._graphs, self._pixels, self._weight = model, graphs, pixels, weight
        self._rate, self._mix = rate, torch.from_numpy(model.mix(rate))
        # Below the first anchor of the rate it is the weight alone that makes files smaller: errors cost less then.
        self._lambda = _lambda(model, rate) * weight / ROUNDING_WEIGHT * pixels.shape[2] * pixels.shape[3]

    def at(self, target: Float, around: Tensor, inside: Window, share: float) -> _Point:
        """Round as the encoder does, pass by pass, and differentiate by the values that come of it. share: what counts
        of lambda and of the rounding weight.
        """
        import torch

        from latentpress.codecs.scales import SCALE_COUNT
        from latentpress.parts.likelihood import logistic_bits, scale_of

        count, height, width = target.shape
        features, first = self._model.first(self._model.hyper_of(target), self._rate, height, width)
        inputs, wanted = torch.from_numpy(self._model.floats(features)), torch.from_numpy(target)
        parts = [part.mean for part in first], [part.index for part in first]
        first_mean, first_index = (torch.from_numpy(self._model.order.join(part, target.shape)) for part in parts)
        values, bits = torch.zeros_like(wanted), torch.zeros(())
        rounding = Rounding(self._model.tables, self._weight * share)
        leaves: list[tuple[Tensor, Tensor]] = []
        for number, mask in enumerate(self._model.order.masks(count, height, width), start=1):
            mean, index = first_mean, first_index
            if number > 1:
                more = self._graphs[context_name(number)].on_tensors(features=inputs, values=values[None])
                mean, index = mean + more["mean"][0], index + more["index"][0]
            here = torch.from_numpy(mask)
            mean, index = mean[here], index[here].clamp(0, SCALE_COUNT - 1)
            index = index + (torch.floor(index + 0.5) - index).detach()
            offset = (wanted[here] - mean.detach()).numpy()
            symbols = torch.from_numpy(rounding.round(offset, index.detach().numpy().astype(np.uint8)))
            value = (symbols + mean.detach()).requires_grad_()
            # A value stays where it is when the passes before it move its mean: its own bits then change.
            bits = bits + (logistic_bits(value.detach() - mean, scale_of(index)) * (index.detach() > 0)).sum()
            values = values.masked_scatter(here, value)
            leaves.append((here, value))
        window = around.clone()
        window[(slice(None), *inside)] = values
        picture = self._graphs["synthesis"].on_tensors(values=window[None], mix=self._mix)["pixels"]
        error = (picture - self._pixels).square().mean()
        cost = bits + share * self._lambda * error
        cost.backward()  # type: ignore[no-untyped-call]  # torch's own
        slope = torch.zeros_like(wanted)
        for here, value in leaves:
            assert value.grad is not None
            slope[here] = value.grad
        return _Point(bits.item(), max(error.item(), _TINY), values.detach().numpy(), slope.numpy())


def _lambda(model: MeanScaleModel, rate: int) -> float:
    """The trade-off that the model was trained for: bits a pixel that one squared grey level is worth."""
    try:
        low, high = (float(model.package.config[name]) for name in ("lambda_low", "lambda_high"))
    except KeyError:
        raise UnsupportedError(
            f"the model {model.package.name} does not say its trade-off between rate and error: effort above 1 needs it"
        ) from None
    return float(low * (high / low) ** (rate / model.last_rate))


@functools.lru_cache(maxsize=2)
def _graphs(package: ModelPackage) -> dict[str, TorchNetwork]:
    """The networks that gradients go through."""
    passes = int(package.config.get("passes", 2))
    names = ("synthesis", *(context_name(number) for number in range(2, passes + 1)))
    return {name: TorchNetwork(package.network(name)) for name in names}
