"""What a scanner by optical coherence tomography makes of light, drawn or in training."""

__all__ = ["BRIGHTEST", "GRAIN", "LOOKS"]

LOOKS = 3
"""Independent views that a scanner averages: speckle is gamma-distributed with this shape, and of mean 1."""

GRAIN = 0.01
"""Standard deviation of the scanner's own noise, in the unit of light."""

BRIGHTEST = 2.0
"""Light that is white; grey levels go with its root, the compressed scale that scanners show."""
