"""Wavelets by lifting (Daubechies and Sweldens 1998): samples of odd number are foretold from those of even number
around them, then the even ones corrected by what the odd ones missed. Each step is undone by the same step backwards.

`pyramid` splits a plane into its bands: a coarse picture, and of each level three planes of detail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["CDF53", "CDF97", "HAAR", "WAVELETS", "Bands", "Lifting", "Pyramid", "Wavelet"]


class Lifting(Protocol):
    """A wavelet: its low and high band of the first axis, and back."""

    def analyse(self, x: NDArray[Any], /) -> tuple[NDArray[Any], NDArray[Any]]:
        """Low and high band: ceil(n / 2) and floor(n / 2) samples."""

    def synthesise(self, low: NDArray[Any], high: NDArray[Any], /) -> NDArray[Any]:
        """The inverse."""


@dataclass(frozen=True)
class Wavelet:
    """factors: of the steps, the first of which changes odd samples, the second even ones and so on, by the sum of the
    two neighbours (mirrored at the ends) times the factor; of the one to the left or right alone if ``one_sided``.
    scale: of the even samples at the end, odd ones are divided by it; it makes basis vectors about as long as 1.

    `analyse` and `synthesise` work on floats, with an error of rounding only. With ``reversible`` they take whole
    numbers to whole numbers and back exactly: what a step adds or takes off is rounded down, in every second step after
    a half is added, and nothing is scaled.
    """

    factors: tuple[float, ...]
    scale: float
    one_sided: bool = False
    reversible: bool = False

    def analyse(self, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Low and high band of the first axis: ceil(n / 2) and floor(n / 2) samples."""
        even, odd = x[0::2].copy(), x[1::2].copy()
        if len(odd):
            for number in range(len(self.factors)):
                self._step(number, even, odd, 1)
            if not self.reversible:
                even *= self.scale
                odd /= self.scale
        return even, odd

    def synthesise(self, low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
        """The inverse of `analyse`."""
        even, odd = low.copy(), high.copy()
        if len(odd):
            if not self.reversible:
                even /= self.scale
                odd *= self.scale
            for number in reversed(range(len(self.factors))):
                self._step(number, even, odd, -1)
        out = np.empty((len(even) + len(odd), *even.shape[1:]), even.dtype)
        out[0::2], out[1::2] = even, odd
        return out

    def _step(self, number: int, even: NDArray[Any], odd: NDArray[Any], sign: int) -> None:
        factor, changed = self.factors[number], even if number % 2 else odd
        if self.one_sided:
            around = even[: len(odd)] if changed is odd else np.concatenate([odd, 0 * even[len(odd) :]])
        elif changed is odd:  # from the even samples around
            around = even[: len(odd)] + np.concatenate([even[1:], even[-1:]])[: len(odd)]
        else:
            around = np.concatenate([odd[:1], odd])[: len(even)] + np.concatenate([odd, odd[-1:]])[: len(even)]
        if self.reversible:
            added = np.floor(around * abs(factor) + (0.5 if number % 2 else 0)).astype(changed.dtype)
            changed += added if sign * factor > 0 else -added
        else:
            changed += changed.dtype.type(sign * factor) * around


HAAR = Wavelet((-1.0, 0.5), 2**0.5, one_sided=True)
"""Sums and differences of pairs (Haar 1910)."""

CDF53 = Wavelet((-0.5, 0.25), 2**0.5)
"""The 5/3 wavelet (Le Gall and Tabatabai 1988); `reversible` in JPEG 2000's lossless files."""

CDF97 = Wavelet((-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971), 1.149604398860241)
"""The 9/7 wavelet (Cohen, Daubechies and Feauveau 1992), that of JPEG 2000's lossy files."""

WAVELETS = {"haar": HAAR, "cdf53": CDF53, "cdf97": CDF97}
"""By name."""

Bands = list[NDArray[Any]]
"""Of a stack of planes (n, H, W) at L levels: the coarse planes (n, H / 2^L, W / 2^L), then from the coarsest level on
the details (3 n, H / 2^l, W / 2^l), of each plane those across, down and both.
"""


@dataclass(frozen=True)
class Pyramid:
    """Stage: planes (n, H, W), sides multiples of 2^levels, to their `Bands`. Exact to rounding, or exact."""

    wavelet: Lifting
    levels: int

    def forward(self, planes: NDArray[Any]) -> Bands:
        """Bands, the coarsest first."""
        low, details = planes, []
        for _ in range(self.levels):
            low, high = (part.swapaxes(0, 1) for part in self.wavelet.analyse(low.swapaxes(0, 1)))
            (low, across), (down, both) = (
                (part.transpose(1, 2, 0) for part in self.wavelet.analyse(half.transpose(2, 0, 1)))
                for half in (low, high)
            )
            details.append(np.stack([across, down, both], axis=1).reshape(-1, *low.shape[1:]))
        return [np.ascontiguousarray(low), *reversed(details)]

    def inverse(self, bands: Bands) -> NDArray[Any]:
        """Planes of bands."""
        low, *details = bands
        for detail in details:
            across, down, both = detail.reshape(-1, 3, *low.shape[1:]).swapaxes(0, 1)
            halves = (
                self.wavelet.synthesise(*(part.transpose(2, 0, 1) for part in pair)).transpose(1, 2, 0)
                for pair in ((low, across), (down, both))
            )
            low = self.wavelet.synthesise(*(half.swapaxes(0, 1) for half in halves)).swapaxes(0, 1)
        return np.ascontiguousarray(low)
