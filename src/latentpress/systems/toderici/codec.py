"""`TodericiCodec`: all of it is shared by recurrent codecs."""

from __future__ import annotations

from typing import ClassVar

from latentpress.codecs.layered import LayeredCodec
from latentpress.codecs.recurrent import RecurrentModel

__all__ = ["TodericiCodec"]


class TodericiCodec(LayeredCodec[RecurrentModel]):
    """Progressive lossy codec: a recurrent autoencoder with binary codes (Toderici 2017); files may be cut off.

    Quality 0 is the first layer, 100 all of them. The settings are those of `LatentCodec`.
    """

    id: ClassVar[str] = "toderici"
    model_class: ClassVar[type[RecurrentModel]] = RecurrentModel
