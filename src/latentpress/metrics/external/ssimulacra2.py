"""SSIMULACRA2 (Sneyers, Cloudinary, 2022), by the Python package `ssimulacra2`."""

from __future__ import annotations

import importlib

from latentpress._extras import needs_extra
from latentpress.metrics._pictures import Picture
from latentpress.metrics.external._tools import as_rgb, png

__all__ = ["score"]


def score(reference: Picture, distorted: Picture) -> float:
    """SSIMULACRA2 of two 8-bit sRGB or gray pictures: up to 100 (equal), without unit; higher is better.

    About 90: no difference to be seen side by side; 70: high, 50: medium, 30: low quality; below 0: ruined. The package
    is a rewrite in NumPy of the metric of libjxl, with which this project has not compared it.

    Raises `MissingExtraError` without the package, `UnsupportedError` for 16-bit pictures, `InvalidInputError` for
    shapes that differ or sides under 8 pixels.
    """
    with needs_extra("SSIMULACRA2", "bench"):
        package = importlib.import_module("ssimulacra2")
    first, second = as_rgb(reference, distorted, "SSIMULACRA2", least=8)
    return float(package.compute_ssimulacra2(png(first), png(second)))
