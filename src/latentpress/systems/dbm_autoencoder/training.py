"""Training of a patch autoencoder: pre-training as a Boltzmann machine, then back-propagation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from latentpress.systems.dbm_autoencoder.net import PatchAutoencoder, PatchAutoencoderConfig
from latentpress.systems.dbm_autoencoder.patches import Pixels, collect
from latentpress.systems.dbm_autoencoder.pretraining import Pretraining, pretrain
from latentpress.training.data import load_pictures
from latentpress.training.schedule import Schedule, setting
from latentpress.training.system import Folders, Point, Say, Training, psnr_of

__all__ = ["FineTuning", "PatchTraining", "held_out_error"]

_HELD_OUT = 20_000  # patches


@dataclass(frozen=True)
class FineTuning(Schedule):
    """How the unrolled network is trained: on ``batch`` patches out of ``patches`` that are taken from the pictures.
    Codes get uniform noise as wide as a step of their quantiser. ``seed`` is that of the pre-training as well.
    ``start_gain``: of random weights, where there is no pre-training (`PatchAutoencoder`).
    """

    batch: int = setting(256, at_least=1)
    patches: int = setting(200_000, at_least=1)
    warmup: int = setting(100, at_least=0)
    decay_from: float = setting(0.5, at_least=0)
    ema: float = setting(0.99, at_least=0, at_most=1)
    start_gain: float = setting(4.0, at_least=0)
    validate_every: int = setting(500, at_least=1)


class PatchTraining(Training):
    """Trains `PatchAutoencoder`: a study, and no codec, so nothing is exported. Figures: ``bits``, of validation alone,
    the empirical entropy of the code units in bits a pixel.
    """

    model_type = PatchAutoencoderConfig
    schedule_type: ClassVar[type[Schedule]] = FineTuning
    sections: ClassVar[Mapping[str, type[Any]]] = {"pretraining": Pretraining}
    figures = ("psnr", "bits")
    counted = "patches"

    def samples(self, data: Folders, folder: Path, say: Say) -> Pixels:
        """Luma patches."""
        pictures = load_pictures(data, self.schedule.smallest)
        return collect(pictures, self.model.patch, self.schedule.patches, self.schedule.seed)

    def held_out(self, valid: Folders, samples: Pixels, say: Say) -> Pixels:
        """Patches of all pictures."""
        return collect(load_pictures(valid, self.schedule.smallest), self.model.patch, _HELD_OUT, 0)

    def network(self, samples: Pixels | None) -> PatchAutoencoder:
        """What fine-tuning begins with: the machine unrolled, or random weights without pre-training, which runs on the
        CPU.
        """
        if samples is None:
            return PatchAutoencoder(self.model)
        before = self.plan.more["pretraining"]
        pixels = torch.from_numpy(samples).float()
        pixels -= PatchAutoencoder(self.model).means(pixels)
        unit = before.visible_std / max(float(pixels.std()), 1e-6)
        torch.manual_seed(self.schedule.seed)
        if not before.rbm_steps:
            return PatchAutoencoder(self.model, unit, self.schedule.start_gain)
        machine = pretrain(pixels * unit, self.model.hidden, before, self.schedule.seed)
        return PatchAutoencoder.unroll(machine, self.model, unit)

    def draw(self, samples: Pixels, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Patches, and noise of their codes."""
        rows = rng.integers(0, len(samples), self.schedule.batch)
        noise = rng.random((len(rows), self.model.code), np.float32) - np.float32(0.5)
        return torch.from_numpy(samples[rows]), torch.from_numpy(noise)

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared error in units of the network, of patches whose code has the quantiser's noise."""
        pixels, noise = (tensor.to(self.device).float() for tensor in drawn)
        restored = net.decode(net.encode(pixels) + net.dequantise(noise), net.means(pixels))
        error = (restored - pixels).square().mean()
        return error * net.unit**2, torch.stack([psnr_of(error.detach()), error.new_tensor(math.nan)])

    def validate(self, net: Any, held_out: Pixels) -> list[Point]:
        """Squared error of held-out patches with rounded codes."""
        error, bits = held_out_error(net, torch.from_numpy(held_out).to(self.device).float())
        return [Point("", error, {"psnr": psnr_of(torch.tensor(error)).item(), "bits": bits})]


@torch.no_grad()
def held_out_error(net: PatchAutoencoder, pixels: Tensor) -> tuple[float, float]:
    """Mean squared error with rounded codes, clipped to 0..255, and the empirical entropy of the code units in bits a
    pixel.
    """
    symbols = net.quantise(net.encode(pixels))
    restored = net.decode(net.dequantise(symbols), net.means(pixels)).round().clamp(0, 255)
    shares = torch.stack([(symbols == level).float().mean(0) for level in range(net.config.levels)])
    bits = -torch.xlogy(shares, shares).sum() / math.log(2) / net.config.pixels
    return float((restored - pixels).square().mean()), float(bits)
