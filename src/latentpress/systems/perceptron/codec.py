"""`PerceptronCodec`: what the hidden units say of each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.coefficients import CoefficientCoder
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.systems.perceptron.layout import BLOCK

__all__ = ["PerceptronCodec", "PerceptronModel"]

Float = NDArray[np.float32]


class PerceptronModel(LatentModel):
    """Networks ``analysis`` and ``synthesis``, a layer each, and the tables of a `CoefficientCoder`."""

    stride: ClassVar[int] = BLOCK

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self.coder = CoefficientCoder(tables)
        if self.coder.groups[-1].stop != self.latents:
            raise ValueError(f"tables of {self.coder.groups[-1].stop} units, not {self.latents}")

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`."""
        return self.coder.code(port, self.mix(rate)[0], shape, latents, tile.weight)


class PerceptronCodec(LatentCodec[PerceptronModel]):
    """Lossy codec: blocks through one hidden layer (a perceptron), its values coded in contexts."""

    id: ClassVar[str] = "perceptron"
    model_class = PerceptronModel
