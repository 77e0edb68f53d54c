"""Training of RC's network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from latentpress.parts.mixtures import ResidualNet
from latentpress.systems.rc.codec import lossy_file, shown
from latentpress.systems.rc.net import RcConfig
from latentpress.training.data import Pictures
from latentpress.training.lossless.mixed import MixedTraining
from latentpress.training.system import Folders, Graph, Samples, Say

__all__ = ["RcTraining"]


class RcTraining(MixedTraining):
    """Figure: bits a sample besides those of the JPEG file. Samples are pictures (H, W, 6): R, G, B, and what their
    files show.
    """

    model_type = RcConfig
    figures = ("residual",)

    def samples(self, data: Folders, folder: Path, say: Say) -> Samples:
        """All pictures and what their files show."""
        return self._with_files(super().samples(data, folder, say), say)

    def held_out(self, valid: Folders, samples: Samples, say: Say) -> Samples:
        """The same of every third picture."""
        return self._with_files(super().held_out(valid, samples, say), say)

    def network(self, samples: Any) -> ResidualNet:
        """A new network."""
        return ResidualNet(self.model.width, self.model.blocks, self.model.components)

    def priced(self, net: ResidualNet, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Bits a sample."""
        bits = net.bits(pixels[:, :3], pixels[:, 3:]).mean()
        return bits, bits[None]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The network."""
        return {"residual": Graph(net, {"x": torch.zeros(1, 3, 32, 32)}, ["y"])}

    def sizes(self, net: Any) -> dict[str, Any]:
        """Components, and the quality of the JPEG file."""
        return super().sizes(net) | {"quality": self.model.quality}

    def _with_files(self, pictures: Pictures, say: Say) -> Pictures:
        say(f"JPEG files of {len(pictures)} pictures")
        files = (lossy_file(picture, self.model.quality) for picture in pictures)
        return [
            np.dstack([picture, shown(file, picture.shape[:2])]) for picture, file in zip(pictures, files, strict=True)
        ]
