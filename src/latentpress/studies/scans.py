"""Drawn scans of the retina: layers, vessels, light that falls off with depth, speckle. What lies below is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.transforms.light import BRIGHTEST, GRAIN, LOOKS

__all__ = ["Scan", "drawn_scan"]

Plane = NDArray[np.float64]

_LAYERS = (  # thickness as a share of the height, brightness: from the nerve fibres down to the choroid
    (0.035, 0.85), (0.05, 0.45), (0.04, 0.6), (0.045, 0.3), (0.02, 0.45), (0.06, 0.2), (0.012, 0.7), (0.02, 0.35),
    (0.025, 1.0), (0.12, 0.55),
)  # fmt: skip
_FLOOR = 0.06  # of brightness, without tissue
_DEEP = 0.75  # of the light that is left at the bottom of the tissue


@dataclass(frozen=True)
class Scan:
    """A scan (H, W) of 8 bits, and the same without speckle."""

    seen: NDArray[np.uint8]
    clean: NDArray[np.uint8]


def drawn_scan(number: int, height: int = 496, width: int = 768) -> Scan:
    """The scan of a number: another eye each."""
    rng = np.random.default_rng(number)
    x = np.linspace(-1, 1, width)
    fovea = np.exp(-np.square((x - rng.uniform(-0.3, 0.3)) / rng.uniform(0.12, 0.2)))
    surface = 0.3 + rng.uniform(-0.03, 0.03) + rng.uniform(-0.06, 0.06) * x + rng.uniform(0, 0.08) * np.square(x)
    depth = np.arange(height)[:, None] / height
    light = np.full((height, width), _FLOOR)
    top = surface + 0.05 * fovea
    for thickness, brightness in _LAYERS:
        thin = 1 - 0.6 * fovea if thickness < 0.055 and brightness < 0.9 else 1.0
        bottom = top + thickness * thin * (1 + 0.08 * _wave(rng, x))
        inside = (depth >= top) & (depth < bottom)
        texture = 1 + 0.12 * _wave(rng, x) + 0.08 * _wave(rng, depth)
        light = np.where(inside, brightness * texture, light)
        top = bottom
    below = np.maximum(depth - top, 0)
    light = np.where(depth >= top, _FLOOR + 0.4 * np.exp(-below / 0.03), light)
    tissue = np.clip((depth - surface) / (top - surface), 0, 1)
    light = light * (1 - (1 - _DEEP) * tissue) * np.where(depth > surface, _shadows(rng, x), 1)
    noisy = light * rng.gamma(LOOKS, 1 / LOOKS, light.shape) + GRAIN * rng.normal(size=light.shape)
    return Scan(_levels(noisy), _levels(light))


def _levels(light: Plane) -> NDArray[np.uint8]:
    """Brightness as grey levels, on the compressed scale that scanners show."""
    levels: NDArray[np.uint8] = np.rint(255 * np.sqrt(np.clip(light / BRIGHTEST, 0, 1))).astype(np.uint8)
    return levels


def _wave(rng: np.random.Generator, x: Plane) -> Plane:
    """A smooth curve of about unit size."""
    rates, phases = rng.uniform(2, 14, 4), rng.uniform(0, 2 * np.pi, 4)
    wave: Plane = sum(np.sin(rate * x + phase) for rate, phase in zip(rates, phases, strict=True)) / np.sqrt(2)
    return wave


def _shadows(rng: np.random.Generator, x: Plane) -> Plane:
    """How much light passes the vessels above each column."""
    passes = np.ones_like(x)
    for _ in range(int(rng.integers(3, 7))):
        passes *= 1 - rng.uniform(0.2, 0.5) * np.exp(-np.square((x - rng.uniform(-1, 1)) / rng.uniform(0.008, 0.02)))
    return passes
