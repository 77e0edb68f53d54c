"""The discrete Fourier transform of blocks, half of its plane: the rest is the conjugate for real pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HalfPlane"]

Float = NDArray[np.float32]


@dataclass(frozen=True)
class HalfPlane:
    """Stage: blocks (..., side * side) to as many real numbers, exact to rounding.

    The spectrum c, of unit norm, has c(-k) = conj(c(k)): of each pair of frequencies the real part stands at the one
    with the smaller index and the imaginary part at the other, both times sqrt(2), so that squared errors are the same
    on both sides. A frequency that is its own mirror image (zero and Nyquist) is real and stands as it is.
    """

    side: int

    @property
    def mirror(self) -> NDArray[np.intp]:
        """Index of -k for each index k."""
        row, column = np.divmod(np.arange(self.side**2), self.side)
        index: NDArray[np.intp] = (-row % self.side) * self.side + -column % self.side
        return index

    @property
    def order(self) -> NDArray[np.intp]:
        """Indices by the length of their frequency; the two of a pair side by side."""
        row, column = (np.minimum(k, self.side - k) for k in np.divmod(np.arange(self.side**2), self.side))
        first = np.minimum(np.arange(self.side**2), self.mirror)
        return np.lexsort((np.arange(self.side**2), first, row**2 + column**2))

    def forward(self, blocks: Float) -> Float:
        """Spectra."""
        shape = (*blocks.shape[:-1], self.side, self.side)
        spectrum = np.fft.fft2(blocks.reshape(shape), norm="ortho").reshape(blocks.shape)
        index, mirror = np.arange(self.side**2), self.mirror
        parts = np.where(index <= mirror, spectrum.real, spectrum.imag)
        return (parts * np.where(index == mirror, 1, np.sqrt(2))).astype(np.float32)

    def inverse(self, parts: Float) -> Float:
        """Blocks."""
        index, mirror = np.arange(self.side**2), self.mirror
        real, imaginary = np.where(index <= mirror, parts, parts[..., mirror]), np.zeros_like(parts)
        imaginary[..., index > mirror] = parts[..., index > mirror]
        imaginary[..., index < mirror] = -parts[..., mirror[index < mirror]]
        spectrum = (real + 1j * imaginary) / np.where(index == mirror, 1, np.sqrt(2))
        blocks = np.fft.ifft2(spectrum.reshape(*parts.shape[:-1], self.side, self.side), norm="ortho").real
        return blocks.reshape(parts.shape).astype(np.float32)
