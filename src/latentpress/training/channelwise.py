"""`ChannelwiseTraining`: what autoencoders learn by that have one distribution for each channel of their latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.codecs.channelwise.layout import LIMIT, ROUNDING
from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.parts.quantise import add_uniform_noise, round_half_up, straight_through
from latentpress.parts.rate_table import mix_for_rates
from latentpress.training.data import Pictures
from latentpress.training.latent import LatentTraining, Noise, Outcome
from latentpress.training.system import Arrays, Player

__all__ = ["ChannelwiseTraining", "factors"]

_PRIOR = 100.0  # samples of a table that its distribution in training counts as
_TABLES = 5.0  # of the learning rate: gains and scales are logarithms


class ChannelwiseTraining(LatentTraining):
    """The synthesis gets rounded values, the rate is that of noisy ones (Minnen and Singh 2020, arXiv 2007.08739). The
    network has an ``analysis``, a ``synthesis`` and a ``prior`` (`latentpress.parts.prior.ChannelPrior`).
    """

    rounds = 2  # the tables change what the encoder rounds to, which changes the tables
    table_pictures = 32
    limit: ClassVar[int] = LIMIT
    """Largest magnitude of a symbol."""

    def players(self, net: nn.Module) -> Sequence[Player]:
        """One; see `factors`."""
        groups = factors(net, self.schedule.linear_factor)
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
        from latentpress.codecs.ports import Counting

        anchors = range(self.model.anchors)
        mixes = mix_for_rates(STEPS_PER_ANCHOR * torch.tensor(anchors), len(anchors))
        weights = _PRIOR * net.prior.chances(mixes, self.limit).double().numpy()
        for picture in sample if model else ():
            for anchor in anchors:
                port = Counting()
                model.code_picture(port, picture, anchor * STEPS_PER_ANCHOR)
                weights[anchor] += port.counts["latents"][1:]
        weights = np.pad(weights + weights[..., ::-1], ((0, 0), (1, 0), (0, 0)))  # table 0 of each anchor codes nothing
        return pack_tables(weights.reshape(-1, weights.shape[-1]))


def factors(net: nn.Module, first: float) -> dict[float, list[nn.Parameter]]:
    """Parameters of a network by their share of the learning rate: tables of gains and scales learn faster than the
    layers, and layers next to pixels, called ``first``, at so much of it. A ``critic`` learns by itself.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if name.startswith("critic."):
            continue
        factor = _TABLES if "log_" in name else first if ".first." in name else 1.0
        groups.setdefault(factor, []).append(parameter)
    return groups
