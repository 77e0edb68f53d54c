"""What the networks of a package see and give while its codec codes pictures: what their slimmer forms learn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentpress.catalogue import systems
from latentpress.codecs.models import watched
from latentpress.codecs.registry import get_codec
from latentpress.errors import UnsupportedError
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.training.data import Pictures, sample_crops, step_generator
from latentpress.training.plan import training_of
from latentpress.training.system import Say, Training

__all__ = ["Call", "Calls", "batch_of", "float_networks", "record", "training_class"]

Half = NDArray[np.float16]

ROUNDING_NOISE = 1 / 12
"""Squared error that rounding makes of a latent anyway."""

_LEAST_NOISE = 0.5  # squared grey levels: rounding to 8 bits, and a little more
_PART = 1e-3  # of the energy of an output of which nothing else is known
_SAY_EVERY = 200


@dataclass(frozen=True)
class Call:
    """One run of a network. inputs, outputs: by name, in float16. noise: squared error of the outputs that nobody could
    blame on a slimmer network: what its own error against the picture is, or rounding.
    """

    inputs: dict[str, Half]
    outputs: dict[str, Half]
    noise: float


Calls = dict[str, list[Call]]


def training_class(package: ModelPackage) -> type[Training]:
    """The training that a package comes from. Raises UnsupportedError if its card does not say."""
    recipe = package.card.get("training", {}).get("recipe", {})
    if "codec" not in recipe:
        raise UnsupportedError(f"the card of {package.name} does not say what was trained")
    return training_of(recipe["codec"])


def float_networks(package: ModelPackage) -> dict[str, str]:
    """Names of the networks that may change without making a file unreadable, with their side: ``encoder`` or
    ``decoder``. Networks that run on both sides are exact, and no others are left.
    """
    sided = training_class(package).one_sided
    return {name: side for side in sided for name in sided[side] if f"{name}.onnx" in package.files}


def record(
    package: ModelPackage, pictures: Pictures, count: int, side: int, seed: int, networks: Collection[str], say: Say
) -> Calls:
    """Runs of float networks of a package, by network: ``count`` crops of ``side`` pixels are coded and decoded at
    qualities spread evenly over the range.

    Raises UnsupportedError for packages that no codec runs.
    """
    owner = next((one for one in systems() if one.codec and (one.packages or one.id) == package.codec), None)
    if owner is None:
        raise UnsupportedError(f"no codec runs {package.name} by itself, so there is nothing to learn from")
    codec = get_codec(owner.id, model=str(package.folder))
    sides = float_networks(package)
    calls: Calls = {name: [] for name in networks}
    crop = np.zeros((0, 0, 3), np.uint8)

    def watch(name: str, inputs: dict[str, NDArray[np.float32]], outputs: dict[str, NDArray[np.float32]]) -> None:
        if name in calls:
            noise = max(_noise(sides[name], one, crop) for one in outputs.values())
            calls[name].append(Call(_half(inputs), _half(outputs), noise))

    with watched(watch):  # type: ignore[arg-type]  # mappings that are dicts
        for number in range(count):
            rng = step_generator(seed, number)
            crop = np.ascontiguousarray(sample_crops(pictures, 1, side, rng)[0].transpose(1, 2, 0))
            quality = (number + rng.random()) / count * 7919 % 1 * 100  # neighbours are far apart, all qualities seen
            codec.decode(codec.encode(Image(crop), quality))
            if (number + 1) % _SAY_EVERY == 0:
                say(f"{number + 1} of {count} crops coded")
    return calls


def batch_of(calls: Sequence[Call]) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
    """Runs of one size as inputs and outputs by name, (B, ...) float32, and noises (B,)."""
    inputs, outputs = (
        {name: torch.from_numpy(np.concatenate([getattr(one, what)[name] for one in calls])).float() for name in named}
        for what, named in (("inputs", calls[0].inputs), ("outputs", calls[0].outputs))
    )
    return inputs, outputs, torch.tensor([one.noise for one in calls])


def _half(arrays: dict[str, NDArray[np.float32]]) -> dict[str, Half]:
    limit = np.finfo(np.float16).max
    return {name: np.clip(array, -limit, limit).astype(np.float16) for name, array in arrays.items()}


def _noise(side: str, output: NDArray[np.float32], picture: NDArray[np.uint8]) -> float:
    if side == "encoder":
        return ROUNDING_NOISE
    planes = picture.transpose(2, 0, 1)[None]
    if output.shape == planes.shape:
        return float(np.square(output - planes).mean()) + _LEAST_NOISE
    return _PART * float(np.square(output).mean()) + 1e-12
