"""The area under a rate-distortion curve."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError
from latentpress.metrics._curves import Values, rising

__all__ = ["RDArea", "rd_area"]


class RDArea(NamedTuple):
    """area: quality times bits per pixel; higher is better. low, high: the rates it was taken over.

    complete: whether that is the range asked for. Areas over different ranges cannot be compared.
    """

    area: float
    low: float
    high: float
    complete: bool

    @property
    def mean(self) -> float:
        """The mean quality over the range, in the unit of the quality."""
        return self.area / (self.high - self.low)


def rd_area(
    rates: Values, quality: Values, low: float = 0.0, high: float = 2.0, method: Literal["pchip", "trapezoid"] = "pchip"
) -> RDArea:
    """The area under the curve of `quality` over `rates` (bits per pixel, linear) from `low` to `high`.

    Toderici et al., "Full resolution image compression with recurrent neural networks", CVPR 2017, compare coders by it
    over 0..2 bpp: with MS-SSIM it is at most 2, with PSNR-HVS in dB it lies around 50 - areas, which tables have quoted
    as if they were SSIM and PSNR. "pchip" puts monotone cubics through the points, "trapezoid" straight lines.

    Nothing is guessed outside the points: where the curve does not reach `low` or `high` the area ends with it, and
    `complete` is False. A point at rate 0 (the quality of a picture made from no bits) may be given.

    Raises `InvalidInputError` for a range or curve that is none (see `bd_rate`) or that do not meet;
    `MissingExtraError` without SciPy for "pchip".
    """
    if not 0 <= low < high < np.inf:
        raise InvalidInputError(f"an area needs a range of rates, not {low} to {high}")
    rate, q = rising(rates, quality, zero_rate=True)
    start, end = max(low, float(rate[0])), min(high, float(rate[-1]))
    if start >= end:
        raise InvalidInputError(f"the curve has no part between {low} and {high} bits per pixel")
    if method == "pchip":
        with needs_extra("the area under a curve", "bench"):
            from scipy.interpolate import PchipInterpolator
        area = float(PchipInterpolator(rate, q).integrate(start, end))
    elif method == "trapezoid":
        inner = rate[(rate > start) & (rate < end)]
        grid = np.concatenate([[start], inner, [end]])
        height = np.interp(grid, rate, q)
        area = float(np.sum(np.diff(grid) * (height[1:] + height[:-1]) / 2))
    else:
        raise InvalidInputError(f"the method of an area is 'pchip' or 'trapezoid', not {method!r}")
    return RDArea(area, start, end, (start, end) == (low, high))
