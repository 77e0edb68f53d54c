"""`LiftingCodec`: as `ebcot-lossless`, with a learned wavelet."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.reversible import LEVELS, Reversible, ReversibleModel
from latentpress.systems.learned_lifting.layout import REACH
from latentpress.systems.learned_lifting.wavelet import NetworkWavelet
from latentpress.transforms.lifting import CDF53, Lifting

__all__ = ["SILENT", "LiftingCodec", "LiftingModel"]

SILENT = ReversibleModel.rates
"""Added to the depth in a file's rate index where the networks are left out."""


class LiftingModel(ReversibleModel):
    """The networks ``predict`` and ``update`` of its package. Rates above `SILENT` are those of the 5/3 wavelet."""

    reach: ClassVar[int] = -(-REACH * (2**LEVELS - 1) // 2**LEVELS)
    rates: ClassVar[int] = 2 * ReversibleModel.rates

    def depth(self, rate: int) -> int:
        """See `ReversibleModel.depth`."""
        return rate % SILENT

    def wavelet(self, rate: int) -> Lifting:
        """See `ReversibleModel.wavelet`."""
        return NetworkWavelet(self._answers, self.depth(rate)) if rate < SILENT else replace(CDF53, reversible=True)

    def _answers(self, network: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.run(network, features=features)["answers"]


class LiftingCodec(Reversible, LatentCodec[LiftingModel]):
    """Lossless codec: a wavelet whose lifting steps are networks in whole numbers, bit planes with the MQ coder.

    model: name of an installed model package or path of a package's folder, None for the default. engine: ``onnx``, or
    ``torch`` with ``dtype`` ``float32`` or ``float64``. threads: that work on tiles of a large picture.

    A picture is coded with the networks and without, and the smaller file kept: none is larger than by 5/3.
    """

    id: ClassVar[str] = "learned-lifting"
    model_class: ClassVar[type[LiftingModel]] = LiftingModel
    takes: ClassVar[frozenset[str]] = frozenset({"model", "engine", "threads", "dtype"})

    def equals_of(self, rate: int) -> tuple[int, ...]:
        """With the networks, and without."""
        return rate, rate + SILENT
