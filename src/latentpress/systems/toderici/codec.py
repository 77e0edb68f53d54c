"""`TodericiCodec`: all of it is shared by recurrent codecs."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentCodec, TileSettings, Window
from latentpress.codecs.layered import LayeredCodec
from latentpress.codecs.recurrent import RecurrentModel
from latentpress.container import INTEREST
from latentpress.errors import InvalidInputError

__all__ = ["TodericiCodec"]


class TodericiCodec(LayeredCodec[RecurrentModel]):
    """Progressive lossy codec: a recurrent autoencoder with binary codes (Toderici 2017); files may be cut off.

    Quality 0 is the first layer, 100 all of them. adaptive: a file of about as many bits, in which some places have
    more layers than others, so that its MS-SSIM is better and its PSNR worse. The other settings are those of
    `LatentCodec`.
    """

    id: ClassVar[str] = "toderici"
    model_class: ClassVar[type[RecurrentModel]] = RecurrentModel
    kinds: ClassVar[tuple[int, ...]] = (*LayeredCodec.kinds, INTEREST)
    takes: ClassVar[frozenset[str]] = LatentCodec.takes | {"adaptive"}

    def __init__(self, model: str | None = None, *, adaptive: bool = False, **more: Any) -> None:
        if not isinstance(adaptive, bool):
            raise InvalidInputError(f"adaptive must be true or false, not {adaptive!r}")
        super().__init__(model, **more)
        self._config["adaptive"] = adaptive

    @property
    def adaptive(self) -> bool:
        """See `LayeredCodec.adaptive`."""
        return bool(self._config["adaptive"])

    def find(self, model: RecurrentModel, window: Window, rate: int, settings: TileSettings) -> NDArray[np.float32]:
        """See `LatentCodec.find`."""
        found = model.analysis(window.planes, rate, self.adaptive)
        return np.ascontiguousarray(found[(slice(None), *window.inside)])
