"""`KamisliCodec`: blocks predicted by a network, in a closed loop of whole numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from latentpress.codecs.closed_loop import Around, Border, ClosedLoopModel
from latentpress.codecs.latent import LatentCodec
from latentpress.systems.kamisli.layout import BORDER, SIDE

__all__ = ["KamisliCodec", "KamisliModel"]


class KamisliModel(ClosedLoopModel):
    """One network, ``predict``."""

    stride: ClassVar[int] = SIDE
    border: ClassVar[Border] = BORDER

    def predict(self, around: Around, rate: int, sides: NDArray[Any]) -> NDArray[Any]:
        """See `ClosedLoopModel.predict`."""
        return self.guess("predict", around, rate)


class KamisliCodec(LatentCodec[KamisliModel]):
    """Learned lossy codec after Kamisli 2022: 8x8 blocks predicted from decoded ones, learned transform."""

    id: ClassVar[str] = "kamisli"
    model_class = KamisliModel
    largest_tile: ClassVar[int] = 2**14
