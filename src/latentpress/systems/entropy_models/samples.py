"""Latents of the transforms that all entropy models share, made once before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentpress.codecs.models import PackageModel, Running
from latentpress.codecs.planes import to_planes
from latentpress.codecs.rates import STEPS_PER_ANCHOR, mix_of
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.models import ModelPackage
from latentpress.systems.entropy_models.codec import Transforms
from latentpress.systems.entropy_models.layout import LIMIT
from latentpress.training.data import Pictures, sample_crops, step_generator
from latentpress.training.system import Say

__all__ = ["Latents", "Maker"]

_SAY_EVERY = 200


@dataclass(frozen=True)
class Latents:
    """values: of crops or pictures (M, h, w), in quantisation steps of rate 0. log_gains (anchors, M): how much larger
    they are at the anchors, as logarithms.
    """

    values: list[NDArray[np.float16]]
    log_gains: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def whole(self, values: Tensor, mix: Tensor) -> Tensor:
        """Latents (B, M, h, w) of rate 0 as the codec rounds them at other rates."""
        gains = torch.exp(mix @ torch.from_numpy(self.log_gains).to(mix.device) / STEPS_PER_ANCHOR)
        latents = values * gains[..., None, None]
        return torch.floor(latents.abs() + (0.5 - 1 / ROUNDING_WEIGHT)).clamp_max(LIMIT).copysign(latents)

    def deviations(self) -> Tensor:
        """Standard deviations (anchors, M)."""
        squares = np.mean([np.square(one.astype(np.float32)).mean(axis=(1, 2)) for one in self.values], axis=0)
        return torch.from_numpy(np.sqrt(squares) * np.exp(self.log_gains)).float()

    def save(self, path: Path) -> None:
        """Keep latents of one size in a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, values=np.stack(self.values), log_gains=self.log_gains)

    @classmethod
    def load(cls, path: Path) -> Latents:
        """What `save` kept."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(list(arrays["values"]), arrays["log_gains"])


class Maker:
    """Makes latents of pictures with a package's analysis."""

    def __init__(self, package: ModelPackage, anchors: int, latents: int) -> None:
        self._transforms = Transforms(PackageModel.open(package, Running(threads=1)), anchors, latents)
        self._mixes = [mix_of(STEPS_PER_ANCHOR * anchor, anchors) for anchor in range(anchors)]
        self._margin = int(package.config["margin"])
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        at = [self._transforms.analysis(to_planes(noise, 16), mix) for mix in self._mixes]
        self.log_gains = np.stack([np.median(np.log(np.abs(one / at[0])), axis=(1, 2)) for one in at])

    def of(self, pictures: Pictures) -> Latents:
        """Of whole pictures, cut to multiples of 64 pixels."""
        cut = [picture[: len(picture) // 64 * 64, : picture.shape[1] // 64 * 64] for picture in pictures]
        return Latents([self._of(picture) for picture in cut], self.log_gains)

    def crops(self, pictures: Pictures, count: int, side: int, seed: int, say: Say) -> Latents:
        """Of random crops of ``side`` pixels, without the margin that does not see all of its surroundings."""
        found, inside = [], slice(self._margin, side // 16 - self._margin)
        for number in range(count):
            crop = sample_crops(pictures, 1, side, step_generator(seed, number))[0]
            found.append(self._of(crop.transpose(1, 2, 0))[:, inside, inside])
            if (number + 1) % _SAY_EVERY == 0:
                say(f"latents of {number + 1} of {count} crops")
        return Latents(found, self.log_gains)

    def _of(self, picture: NDArray[np.uint8]) -> NDArray[np.float16]:
        return self._transforms.analysis(to_planes(picture, 16), self._mixes[0]).astype(np.float16)
