"""Phase congruency: where the waves of a picture fall in step, as they do on edges and lines.

Kovesi, "Image features from phase congruency", Videre 1(3), 1999 (the measure called PC2), with the filters that Zhang
et al. chose for FSIM: log-Gabor filters of 4 scales (wavelengths 6, 12, 24, 48 pixels) and 4 orientations.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from latentpress.metrics._pictures import Plane

__all__ = ["LONGEST_WAVE", "phase_congruency"]

_SCALES, _ORIENTATIONS = 4, 4
_SHORTEST_WAVE = 6.0
LONGEST_WAVE = int(_SHORTEST_WAVE * 2 ** (_SCALES - 1))  # pixels
_BANDWIDTH = 0.55  # sigma of the log-Gabor filter over its centre frequency
_ANGULAR_SIGMA = math.pi / _ORIENTATIONS / 1.2
_CUTOFF, _SHARPNESS = 0.45, 15  # Butterworth low pass that trims the corners of the spectrum
_NOISE_SIGMAS = 2.0  # responses within this many deviations of the mean noise are taken for noise
_PC2_NOISE = 1.7  # the noise model over-states the noise of PC2 by this factor (Kovesi, found by trial)
_TINY = 1e-4  # Kovesi's guard of the divisions, far under one level of an 8-bit picture


def phase_congruency(plane: Plane) -> Plane:
    """Phase congruency of each pixel of a plane (H, W) on the scale 0..255: 0 (none) to 1 (all waves in step).

    Both sides need at least two pixels; under `LONGEST_WAVE` the coarsest filters say little.
    """
    height, width = plane.shape
    spectrum = np.fft.fft2(plane)
    energy, amplitude = np.zeros(plane.shape), np.zeros(plane.shape)
    for bank in _filters(height, width):
        responses = np.fft.ifft2(spectrum * bank)  # (scales, H, W): real part even, imaginary part odd filter
        sizes = np.abs(responses)
        total = responses.sum(axis=0)
        # The unit vector of the mean phase, then how far each scale leans along it less how far across it.
        mean_phase = total / (np.abs(total) + _TINY)
        turned = responses * np.conj(mean_phase)
        in_step = (turned.real - np.abs(turned.imag)).sum(axis=0)
        energy += np.maximum(in_step - _noise(sizes[0], bank), 0.0)
        amplitude += sizes.sum(axis=0)
    congruency: Plane = energy / np.maximum(amplitude, _TINY)
    return congruency


def _noise(finest: Plane, bank: NDArray[np.float64]) -> float:
    """The energy below which a response counts as noise, for one orientation.

    The squared responses of the finest scale to Gaussian noise are exponentially distributed, so that their median,
    which features hardly move, gives their mean. The energy of such noise over all scales has a Rayleigh distribution.
    Its parameter needs the correlations between the even filters, here summed over frequencies (Parseval): the even
    part of a filter f is (f(w) + f(-w)) / 2, and sum_i f_i^2 + 2 sum_{i<j} f_i f_j is the square of the filters' sum.
    """
    mean_square = float(np.median(finest**2)) / math.log(2.0)
    power = mean_square / float(np.sum(bank[0] ** 2))
    joint = bank.sum(axis=0)
    even = (joint + np.roll(joint[::-1, ::-1], (1, 1), axis=(0, 1))) / 2
    rayleigh = math.sqrt(power * float(np.sum(even**2)))
    return rayleigh * (math.sqrt(math.pi / 2) + _NOISE_SIGMAS * math.sqrt(2 - math.pi / 2)) / _PC2_NOISE


@functools.lru_cache(maxsize=2)  # a benchmark compares many pictures of one size
def _filters(height: int, width: int) -> tuple[NDArray[np.float64], ...]:
    """For each orientation the transfer functions (scales, H, W), zero frequency first; one side of the plane only."""
    y, x = np.meshgrid(_frequencies(height), _frequencies(width), indexing="ij")
    radius = np.hypot(x, y)
    low_pass = 1.0 / (1.0 + (radius / _CUTOFF) ** (2 * _SHARPNESS))
    radius[0, 0] = 1.0  # the logarithm needs a positive number; the mean is taken out below
    angle = np.arctan2(-y, x)
    radial = []
    for scale in range(_SCALES):
        wave = _SHORTEST_WAVE * 2**scale
        gabor = np.exp(-(np.log(radius * wave) ** 2) / (2 * math.log(_BANDWIDTH) ** 2)) * low_pass
        gabor[0, 0] = 0.0
        radial.append(gabor)
    stack = np.stack(radial)
    banks = []
    for step in range(_ORIENTATIONS):
        turn = angle - step * math.pi / _ORIENTATIONS
        distance = np.abs(np.arctan2(np.sin(turn), np.cos(turn)))  # around the circle
        banks.append(stack * np.exp(-(distance**2) / (2 * _ANGULAR_SIGMA**2)))
    return tuple(banks)


def _frequencies(size: int) -> NDArray[np.float64]:
    """Cycles a pixel, zero first. An odd side is divided by size - 1, as Kovesi does, so that it reaches 1/2."""
    return np.fft.ifftshift((np.arange(size) - size // 2) / (size - size % 2))
