"""`TodericiCodec`: all of it is shared by recurrent codecs."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentCodec, TileSettings, Window
from latentpress.codecs.layered import LayeredCodec
from latentpress.codecs.recurrent import RecurrentModel
from latentpress.errors import InvalidInputError

__all__ = ["TodericiCodec"]


class TodericiCodec(LayeredCodec[RecurrentModel]):
    """Progressive lossy codec: a recurrent autoencoder with binary codes (Toderici 2017); files may be cut off.

    Quality 0 is the first layer, 100 all of them. spare: an encoder leaves the codes of a block out of a layer if they
    mend less than this share, 0..1, of what the layer's codes do on average; 0 leaves nothing out. The other settings
    are those of `LatentCodec`.
    """

    id: ClassVar[str] = "toderici"
    model_class: ClassVar[type[RecurrentModel]] = RecurrentModel
    takes: ClassVar[frozenset[str]] = LatentCodec.takes | {"spare"}

    def __init__(self, model: str | None = None, *, spare: float = 0.0, **more: Any) -> None:
        if isinstance(spare, bool) or not isinstance(spare, int | float) or not 0 <= spare <= 1:
            raise InvalidInputError(f"spare must be a number from 0 to 1, not {spare!r}")
        super().__init__(model, **more)
        self._config["spare"] = spare

    def find(self, model: RecurrentModel, window: Window, rate: int, settings: TileSettings) -> NDArray[np.float32]:
        """See `LatentCodec.find`."""
        found = model.analysis(window.planes, rate, self._config["spare"])
        return np.ascontiguousarray(found[(slice(None), *window.inside)])
