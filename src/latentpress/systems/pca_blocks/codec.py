"""`PcaCodec`: blocks of YCbCr in the basis of their principal components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.coefficients import CoefficientCoder
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import Divide, Each, Join, Stage, chain
from latentpress.transforms import Blocks, Linear, Reorder, ToYcc

__all__ = ["PLANES", "PcaCodec", "PcaModel"]

PLANES = 3

Float = NDArray[np.float32]


class PcaModel(LatentModel):
    """The package: a basis for each plane, the order of all coefficients, and what `CoefficientCoder` needs."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self.coder, self._order = CoefficientCoder(tables), tables["order"]
        self._basis, self._coarsest = tables["basis"].astype(np.float32), float(config["coarsest"])
        if not self._basis.size == PLANES * self.stride**4 == self.latents * self.stride**2:
            raise ValueError(f"a basis of shape {self._basis.shape} for {self.latents} coefficients")

    def stages(self, rate: int) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to coefficients (h, w, M) in steps of a rate index."""
        planes = [chain(Blocks(self.stride), Linear(basis)) for basis in self._basis]
        step = self._coarsest * 2.0 ** (-rate / self.steps)
        return chain(ToYcc(), Each(*planes), Join(PLANES), Reorder(self._order), Divide(step))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        coefficients: Float = self.stages(rate).forward(planes[0]).transpose(2, 0, 1)
        return coefficients

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`."""
        return self.coder.code(port, self.mix(rate)[0], shape, latents, tile.weight)

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages(rate).inverse(values.transpose(1, 2, 0))
        return planes


class PcaCodec(LatentCodec[PcaModel]):
    """Lossy codec: blocks in the basis of their principal components (Karhunen-Loève), contexts in whole numbers.

    Settings are those of `LatentCodec`; the model has no networks, so ``engine`` and ``dtype`` change nothing.
    """

    id: ClassVar[str] = "pca-blocks"
    model_class = PcaModel
