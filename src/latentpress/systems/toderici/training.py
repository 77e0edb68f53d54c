"""What `toderici` adds to a training run: its network, and where it begins."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from latentpress.systems.toderici.net import RecurrentNet, Sizes
from latentpress.training.data import Pictures
from latentpress.training.layered import LayeredTraining
from latentpress.training.system import Player
from latentpress.transforms.klt import fit_klt

__all__ = ["TodericiTraining"]


class TodericiTraining(LayeredTraining):
    """Begins with the Karhunen-Loeve transform of the samples as both block transforms, which learn slowly."""

    model_type: ClassVar[type[Any]] = Sizes

    def network(self, samples: Pictures | None) -> RecurrentNet:
        """See `Training.network`."""
        if samples is None:
            return RecurrentNet(self.model, None)
        count = max(1, min(self.schedule.klt_pictures, len(samples)))
        chosen = np.linspace(0, len(samples) - 1, count).astype(int)
        return RecurrentNet(self.model, fit_klt([samples[i] for i in chosen], self.model.channels))

    def players(self, net: Any) -> list[Player]:
        """One."""
        slow = [net.encoder.analysis.weight, net.decoder.synthesis.weight]
        others = [p for p in net.parameters() if all(p is not s for s in slow)]
        groups = {1.0: others, self.schedule.linear_factor: slow}
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]
