"""Latents of the transforms that all entropy models share, made once before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentpress.codecs.models import PackageModel, Running
from latentpress.codecs.planes import to_planes
from latentpress.codecs.rates import STEPS_PER_ANCHOR, last_rate, mix_of
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.models import ModelPackage
from latentpress.systems.entropy_models.codec import Transforms
from latentpress.systems.entropy_models.layout import LIMIT
from latentpress.training.data import Pictures, sample_crops, step_generator
from latentpress.training.system import Say

__all__ = ["Latents", "Maker"]

_SAY_EVERY = 200
_EXACT = 0.01  # steps between latents and multiples of those of rate 0 that come from the rounding of floats


@dataclass(frozen=True)
class Latents:
    """values: of crops or pictures (M, h, w), in quantisation steps of the rate index of each, ``rates`` (n,), which
    rise. log_gains (anchors, M): how much larger they are at the anchors than at rate 0, at which all of them are then,
    as logarithms; None for an analysis that does more with the rate, whose latents stay at their own.
    """

    values: Sequence[NDArray[np.float16]]
    rates: NDArray[np.int64]
    log_gains: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def choose(self, count: int, last_rate: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], ...]:
        """Numbers of latents and rate indices, all over the range of rates."""
        parts = (rng.permutation(count) + rng.random(count)) / count
        if self.log_gains is None:
            numbers = (parts * len(self)).astype(np.int64)
            return numbers, self.rates[numbers]
        return rng.integers(len(self), size=count), (parts * (last_rate + 1)).astype(np.int64)

    def whole(self, values: Tensor, mix: Tensor) -> Tensor:
        """Values (B, M, h, w) of some of the latents as the codec rounds them at the rates chosen for them."""
        if self.log_gains is not None:
            gains = torch.exp(mix @ torch.from_numpy(self.log_gains).to(mix.device) / STEPS_PER_ANCHOR)
            values = values * gains[..., None, None]
        return torch.floor(values.abs() + (0.5 - 1 / ROUNDING_WEIGHT)).clamp_max(LIMIT).copysign(values)

    def at(self, rate: int) -> list[NDArray[np.float16]]:
        """Values of which there are latents at a rate index."""
        return [
            one for one, own in zip(self.values, self.rates, strict=True) if self.log_gains is not None or own == rate
        ]

    def deviations(self, anchors: int) -> Tensor:
        """Standard deviations (anchors, M): each of what is nearest to its anchor."""
        squares = np.stack([np.square(one.astype(np.float32)).mean(axis=(1, 2)) for one in self.values])
        if self.log_gains is not None:
            return torch.from_numpy(np.sqrt(squares.mean(axis=0)) * np.exp(self.log_gains)).float()
        nearest = np.abs(self.rates - STEPS_PER_ANCHOR * np.arange(anchors)[:, None]).argsort(axis=1)
        means = [squares[order[: -(-len(squares) // anchors)]].mean(axis=0) for order in nearest]
        return torch.from_numpy(np.sqrt(np.stack(means))).float()

    def save(self, path: Path) -> None:
        """Keep latents of one size in a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        gains: dict[str, Any] = {} if self.log_gains is None else {"log_gains": self.log_gains}
        np.savez(path, values=np.stack(self.values), rates=self.rates, **gains)

    @classmethod
    def load(cls, path: Path) -> Latents:
        """What `save` kept."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(list(arrays["values"]), arrays["rates"], arrays.get("log_gains"))


class Maker:
    """Makes latents of pictures with a package's analysis."""

    def __init__(self, package: ModelPackage, anchors: int, latents: int) -> None:
        model = PackageModel.open(package, Running(threads=1))
        self._transforms, self._anchors = Transforms(model, anchors, latents), anchors
        self._margin = int(package.card.get("reach", package.config["margin"]))
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        at = [self._analysed(noise, STEPS_PER_ANCHOR * anchor) for anchor in range(anchors)]
        gains = np.stack([(one * at[0]).sum(axis=(1, 2)) / np.square(at[0]).sum(axis=(1, 2)) for one in at])
        exact = (
            max(np.abs(one - gain[:, None, None] * at[0]).max() for one, gain in zip(at, gains, strict=True)) < _EXACT
        )
        self._log_gains = np.log(gains) if exact else None

    def of(self, pictures: Pictures) -> Latents:
        """Of whole pictures, cut to multiples of 64 pixels; at every anchor, if need be."""
        cut = [picture[: len(picture) // 64 * 64, : picture.shape[1] // 64 * 64] for picture in pictures]
        rates = STEPS_PER_ANCHOR * np.arange(self._anchors if self._log_gains is None else 1).repeat(len(cut))
        found = [self._stored(picture, rate) for rate in np.unique(rates).tolist() for picture in cut]
        return Latents(found, rates, self._log_gains)

    def crops(self, pictures: Pictures, count: int, side: int, seed: int, say: Say) -> Latents:
        """Of random crops of ``side`` pixels, without the margin that does not see all of its surroundings; at rates
        spread evenly, if need be.
        """
        found, inside = [], slice(self._margin, side // 16 - self._margin)
        last = last_rate(self._anchors) if self._log_gains is None else 0
        rates = np.arange(count) * (last + 1) // count
        for number, rate in enumerate(rates.tolist()):
            crop = sample_crops(pictures, 1, side, step_generator(seed, number))[0]
            found.append(self._stored(crop.transpose(1, 2, 0), rate)[:, inside, inside])
            if (number + 1) % _SAY_EVERY == 0:
                say(f"latents of {number + 1} of {count} crops")
        return Latents(found, rates, self._log_gains)

    def _stored(self, picture: NDArray[np.uint8], rate: int) -> NDArray[np.float16]:
        return self._analysed(picture, rate).astype(np.float16)

    def _analysed(self, picture: NDArray[np.uint8], rate: int) -> NDArray[np.float32]:
        return self._transforms.analysis(to_planes(picture, 16), mix_of(rate, self._anchors))
