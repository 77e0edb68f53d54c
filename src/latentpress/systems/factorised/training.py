"""Training and export of the factorised-prior autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.parts.quantise import add_uniform_noise, round_half_up, straight_through
from latentpress.parts.rate_table import mix_for_rates
from latentpress.systems.factorised.layout import LIMIT, ROUNDING
from latentpress.systems.factorised.net import FactorisedNet, Sizes
from latentpress.training.basis import starting_basis
from latentpress.training.data import Pictures
from latentpress.training.latent import LatentTraining, Noise, Outcome
from latentpress.training.system import Arrays, Player
from latentpress.transforms.klt import BLOCK

__all__ = ["FactorisedTraining"]

_PRIOR = 100.0  # samples of a table that its distribution in training counts as
_TABLES = 5.0  # of the learning rate: gains and scales are logarithms


class FactorisedTraining(LatentTraining):
    """The synthesis gets rounded values, the rate is that of noisy ones (Minnen and Singh 2020, arXiv 2007.08739)."""

    model_type = Sizes
    rounds = 2  # the tables change what the encoder rounds to, which changes the tables
    table_pictures = 32

    def network(self, samples: Pictures | None) -> FactorisedNet:
        """The linear block transform that suits the pictures, with layers around it that learn."""
        basis = None if samples is None else starting_basis(self.plan, samples, 3 * BLOCK**2)
        return FactorisedNet(self.model, basis)

    def players(self, net: nn.Module) -> Sequence[Player]:
        """One, for whom the tables of the rates learn faster than the layers, and those next to pixels slower."""
        groups: dict[float, list[nn.Parameter]] = {}
        for name, parameter in net.named_parameters():
            factor = _TABLES if "log_" in name else self.schedule.linear_factor if ".first." in name else 1.0
            groups.setdefault(factor, []).append(parameter)
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """See `LatentTraining.code`."""
        mix = mix_for_rates(rates, self.model.anchors)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.schedule.mixed_precision):
            y = net.analysis(x, mix)
            whole = net.prior.rate_aware(y, mix, ROUNDING * ROUNDING_WEIGHT) if hard else round_half_up(y)
            picture = net.synthesis(rounded := straight_through(y, whole), mix)
        coded = rounded if noise is None else add_uniform_noise(y, noise[0])
        return Outcome(net.prior.bits(coded, mix).sum(dim=(1, 2, 3)), picture)

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """What the codec chooses at each anchor, counted, beside what training expects; even in its sign."""
        from latentpress.codecs.anchor_tables import pack_tables
        from latentpress.codecs.latent import TileSettings
        from latentpress.codecs.planes import to_planes
        from latentpress.codecs.ports import Counting

        anchors = range(self.model.anchors)
        mixes = mix_for_rates(STEPS_PER_ANCHOR * torch.tensor(anchors), len(anchors))
        weights = _PRIOR * net.prior.chances(mixes, LIMIT).double().numpy()
        for picture in sample if model else ():
            for anchor in anchors:
                port, rate = Counting(), anchor * STEPS_PER_ANCHOR
                latents = model.analysis(to_planes(picture, model.stride), rate)
                model.code(port, rate, latents.shape[1:], latents, TileSettings())
                weights[anchor] += port.counts["latents"][1:]
        weights = np.pad(weights + weights[..., ::-1], ((0, 0), (1, 0), (0, 0)))  # table 0 of each anchor codes nothing
        return pack_tables(weights.reshape(-1, weights.shape[-1]))
