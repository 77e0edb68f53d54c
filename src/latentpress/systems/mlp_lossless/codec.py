"""`MlpLosslessCodec`: the lossless codec of the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from latentpress.codecs.lossless.codec import LosslessCodec
from latentpress.codecs.lossless.model import TrainedModel
from latentpress.codecs.lossless.tiles import Method, PlaneCoder
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.models import ModelPackage

__all__ = ["MlpLosslessCodec"]


class MlpLosslessCodec(LosslessCodec):
    """Learned lossless codec: adaptive least squares and small networks predict each pixel; every kind of picture.

    max_error: 0 for lossless; 1..8 lets every colour sample be wrong by as much, for a smaller file; alpha stays exact.
    model: name of an installed model package or path of a package's folder, None for the default; a file is decoded
    with the model it names. mosaic: for a gray picture that is the raw mosaic of a camera, the pattern of its colour
    filters (``RGGB``, ``BGGR``, ``GRBG`` or ``GBRG``), or ``auto`` to look whether it is one; it comes back as it was,
    from a smaller file. network: False codes without networks, in less time. effort: 1 to 9; at 2
    the encoder tries other planes and the tables for drawings on every tile, from 3 on `lc-fdnet` too, and keeps the
    smallest file. verify: read each
    stream back before it is handed out. engine: ``onnx`` (ONNX Runtime) or ``torch``; threads: that work on tiles of a
    large picture, None for one a core; dtype: ``float32``, or ``float64`` with torch. Every engine reads the same
    pixels from a file.
    """

    id: ClassVar[str] = "mlp-lossless"
    rival: ClassVar[str] = "lc-fdnet"

    def trained_coders(self, package: ModelPackage, threads: int) -> Mapping[Method, PlaneCoder]:
        """The walk in waves."""
        model = TrainedModel.open(package, self.running())
        return {
            Method.NETWORK: WaveCoder(model, threads=threads),
            Method.NETWORK_DRAWN: WaveCoder(model, drawn=True, threads=threads),
            Method.NETWORK_MIXED: WaveCoder(model, mixed=True, threads=threads),
            Method.NETWORK_DRAWN_MIXED: WaveCoder(model, drawn=True, mixed=True, threads=threads),
        }
