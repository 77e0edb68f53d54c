"""`LcFdnetCodec`: lossless coding by sub-images, each of which sees those before it on all sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from latentpress.codecs.lossless.codec import LosslessCodec
from latentpress.codecs.lossless.tiles import Method, PlaneCoder
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.models import ModelPackage
from latentpress.systems.lc_fdnet.coder import StepCoder
from latentpress.systems.lc_fdnet.model import TrainedSteps

__all__ = ["LcFdnetCodec"]


class LcFdnetCodec(LosslessCodec):
    """Learned lossless codec by sub-images, low frequencies before high ones: smaller files of some photographs.

    The arguments are those of `MlpLosslessCodec`. Pictures with a ``max_error`` are walked over in waves as that codec
    does, with the networks that code the first sub-image here. threads: of each network, too.
    """

    id: ClassVar[str] = "lc-fdnet"
    rival: ClassVar[str] = "mlp-lossless"

    def trained_coders(self, package: ModelPackage, threads: int) -> Mapping[Method, PlaneCoder]:
        """Sub-images, and the walk in waves for what they are not for."""
        model = TrainedSteps.open(package, self.running(self._config["threads"]))
        return {
            Method.STEPS: StepCoder(model),
            Method.NETWORK: WaveCoder(model.first, threads=threads),
            Method.NETWORK_DRAWN: WaveCoder(model.first, drawn=True, threads=threads),
        }

    def method(self, channels: int, depth: int, max_error: int) -> Method:
        """Sub-images where there is no loss."""
        return Method.NETWORK if max_error else Method.STEPS
