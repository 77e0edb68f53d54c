"""`EbcotCodec`: a wavelet's coefficients in code blocks, bit plane by bit plane."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.block_bands import MOST_PLANES, code_bands
from latentpress.codecs.latent import LatentCodec, TileSettings, Values
from latentpress.codecs.means import AdaptiveMeans, code_means
from latentpress.codecs.plain import Plain, PlainModel
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import DeadZone, Divide, Stage, chain
from latentpress.errors import InvalidInputError
from latentpress.transforms import ToYcc
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import WAVELETS, Pyramid

__all__ = ["EbcotCodec", "EbcotModel"]

Float = NDArray[np.float32]

_NAMES = ("cdf97", "cdf53", "haar")  # their order is that of the format
_LEVELS = 5
_COARSEST, _PER_OCTAVE = 256.0, 8
_MIDDLE = 7 / 16  # of a step: where in its interval a coefficient is shown


class EbcotModel(PlainModel):
    """The choice is a wavelet."""

    stride: ClassVar[int] = 2**_LEVELS
    reach: ClassVar[int] = 4
    rates: ClassVar[int] = 9 * _PER_OCTAVE + 1
    choices: ClassVar[int] = len(_NAMES)

    def stages(self, rate: int) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to latents (M, h, w) in steps of a rate index."""
        wavelet = WAVELETS[_NAMES[rate // self.rates]]
        step = _COARSEST * 2.0 ** (-(rate % self.rates) / _PER_OCTAVE)
        return chain(ToYcc(), Divide(step), Pyramid(wavelet, _LEVELS), Gathered(3, _LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages(rate).forward(planes[0])
        return latents

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`."""
        gathered = Gathered(3, _LEVELS)
        wanted = None
        if latents is not None:
            largest = 2**MOST_PLANES - 1
            wanted = gathered.inverse(DeadZone(0).forward(np.clip(latents, -largest, largest)))
        low = code_means(port, AdaptiveMeans(), None if wanted is None else wanted[0], shape)
        details = code_bands(port, None if wanted is None else wanted[1:], gathered.shapes(*shape)[1:])
        exact = gathered.forward([low, *details]).astype(np.int32)
        shown = exact + np.sign(exact) * np.float32(_MIDDLE)
        return Values(shown.astype(np.float32), (exact,))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages(rate).inverse(values)
        return planes


class EbcotCodec(Plain, LatentCodec[EbcotModel]):
    """Lossy codec: a wavelet's coefficients, bit planes of code blocks with the MQ coder, as in JPEG 2000.

    wavelet: ``cdf97``, ``cdf53`` or ``haar``; a file tells it. threads: that work on tiles of a large picture.
    """

    id: ClassVar[str] = "ebcot"
    model_class: ClassVar[type[EbcotModel]] = EbcotModel
    takes: ClassVar[frozenset[str]] = Plain.takes | {"wavelet"}
    largest_tile: ClassVar[int] = 2**12

    def __init__(self, wavelet: str = "cdf97", threads: int | None = None) -> None:
        if wavelet not in _NAMES:
            raise InvalidInputError(f"wavelet must be one of {', '.join(_NAMES)}, not {wavelet!r}")
        super().__init__(threads, wavelet=wavelet)

    @property
    def choice(self) -> int:
        """See `Plain.choice`."""
        return _NAMES.index(self._config["wavelet"])
