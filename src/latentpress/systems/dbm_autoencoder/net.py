"""An autoencoder of small square patches: fully connected layers of logistic units around a code layer, as a deep
Boltzmann machine unrolls to (Hinton and Salakhutdinov 2006; Salakhutdinov and Hinton 2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from latentpress.systems.dbm_autoencoder.boltzmann import Dbm
from latentpress.training.schedule import setting

__all__ = ["PatchAutoencoder", "PatchAutoencoderConfig"]


@dataclass(frozen=True)
class PatchAutoencoderConfig:
    """``patch``: side of a patch in pixels. ``first``, ``second``, ``code``: units of the three hidden layers.
    ``levels``: values that a code unit can take, evenly over 0..1. ``mean_step``: grey levels that a patch's mean is
    rounded to, which is coded apart.
    """

    patch: int = setting(8, at_least=1)
    first: int = setting(256, at_least=1)
    second: int = setting(128, at_least=1)
    code: int = setting(32, at_least=1, at_most=255)  # one probability table each, and one for the means
    levels: int = setting(8, at_least=2, at_most=256)
    mean_step: int = setting(4, at_least=1)

    @property
    def pixels(self) -> int:
        """Pixels of a patch."""
        return self.patch**2

    @property
    def hidden(self) -> tuple[int, int, int]:
        """Units of the hidden layers, the code last."""
        return self.first, self.second, self.code


class PatchAutoencoder(nn.Module):
    """Patches without their mean to a code in 0..1, and back. ``unit``: what a grey level is to the network. ``gain``:
    of the random weights into logistic units, over those of Glorot and Bengio (2010), which are meant for slopes of 1;
    the logistic function's is 1/4.
    """

    unit: Tensor

    def __init__(self, config: PatchAutoencoderConfig, unit: float = 1.0, gain: float = 1.0) -> None:
        super().__init__()
        self.config = config
        sizes = (config.pixels, *config.hidden)
        pairs = list(pairwise(sizes))
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(pairs))
        layers = (*self.encoder, *self.decoder)
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight, 1.0 if layer is layers[-1] else gain)
            nn.init.zeros_(layer.bias)
        self.register_buffer("unit", torch.tensor(float(unit)))

    @classmethod
    def unroll(cls, machine: Dbm, config: PatchAutoencoderConfig, unit: float) -> PatchAutoencoder:
        """The autoencoder of a machine with three hidden layers. Both ways a layer sees one of its two neighbours only,
        so input is doubled as in `Dbm.recognise`, except into the code and into the pixels, which have but one.
        """
        net = cls(config, unit)
        last = len(machine.weights) - 1
        with torch.no_grad():
            for number, weight in enumerate(machine.weights):
                up, down = net.encoder[number], net.decoder[last - number]
                up.weight.copy_((1.0 if number == last else 2.0) * weight.T)  # type: ignore[operator]
                up.bias.copy_(machine.biases[number + 1])  # type: ignore[operator]
                down.weight.copy_((1.0 if number == 0 else 2.0) * weight)  # type: ignore[operator]
                down.bias.copy_(machine.biases[number])  # type: ignore[operator]
        return net

    def means(self, patches: Tensor) -> Tensor:
        """(B, 1) means of patches (B, pixels) of 0..255, rounded to steps."""
        step = self.config.mean_step
        return torch.round(patches.mean(1, keepdim=True) / step) * step

    def encode(self, patches: Tensor) -> Tensor:
        """(B, code) in 0..1 of patches (B, pixels) of 0..255; not rounded."""
        x = (patches - self.means(patches)) * self.unit
        for layer in self.encoder:
            x = torch.sigmoid(layer(x))
        return x

    def decode(self, code: Tensor, means: Tensor) -> Tensor:
        """(B, pixels) of a code and means; not clipped."""
        x = code
        for number, layer in enumerate(self.decoder, start=1):
            x = layer(x)
            if number < len(self.decoder):
                x = torch.sigmoid(x)
        return x / self.unit + means

    def quantise(self, code: Tensor) -> Tensor:
        """A code to whole numbers 0..levels - 1."""
        return torch.round(code * (self.config.levels - 1))

    def dequantise(self, symbols: Tensor) -> Tensor:
        """Whole numbers to a code."""
        return symbols / (self.config.levels - 1)
