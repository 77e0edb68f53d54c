"""Coarse planes, such as means of blocks: through the reversible 5/3 wavelet, which foretells them from each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveValues
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import chain
from latentpress.transforms import Pad
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import CDF53, Pyramid

__all__ = ["AdaptiveMeans", "code_means"]

_LEVELS = 3
_KINDS = 2  # luma, chroma

Band = Callable[[Port, NDArray[Any] | None, int, tuple[int, ...]], NDArray[Any]]
"""Codes a band: with a port, its numbers or None, its place among the bands, its shape (planes, h, w)."""


def code_means(port: Port, band: Band, wanted: NDArray[Any] | None, size: tuple[int, int]) -> NDArray[np.int32]:
    """Code three planes of whole numbers (3, *size), wanted or None, band by band from the coarsest on. Raises
    CorruptFileError when what is read does not fit.
    """
    stage = chain(Pad(*size, 1 << _LEVELS), Pyramid(replace(CDF53, reversible=True), _LEVELS))
    shapes = Gathered(3, _LEVELS).shapes(*(-(-side >> _LEVELS) for side in size))
    given = [None] * len(shapes) if wanted is None else stage.forward(wanted)
    coded = [band(port, one, number, shape) for number, (one, shape) in enumerate(zip(given, shapes, strict=True))]
    means: NDArray[np.int32] = stage.inverse(coded)
    return means


class AdaptiveMeans:
    """A `Band` with chances that adapt, in contexts of luma or chroma and of the band."""

    def __init__(self) -> None:
        self._values = AdaptiveValues("means", _KINDS * (_LEVELS + 1))

    def __call__(self, port: Port, wanted: NDArray[Any] | None, number: int, shape: tuple[int, ...]) -> NDArray[Any]:
        """Code a band."""
        kinds = np.broadcast_to((np.arange(shape[0]) >= shape[0] // 3)[:, None, None], shape).ravel()
        context = kinds * (_LEVELS + 1) + number
        return self._values.code(port, None if wanted is None else wanted.ravel(), context).reshape(shape)
