"""All metrics of two pictures by name, so that a benchmark can list, choose and compute them."""

from __future__ import annotations

import importlib.util
import math
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.metrics import distortion, features, multiscale, structural, visibility
from latentpress.metrics._pictures import PEAKS, Picture, same_shape
from latentpress.metrics.external import butteraugli, ssimulacra2, vmaf

__all__ = ["METRICS", "Metric", "measure"]

_INF = math.inf


@dataclass(frozen=True)
class Metric:
    """A number for how far a distorted picture is from its reference.

    name: in results and on the command line. function: (reference, distorted), uint8 or uint16 arrays of one shape
    (H, W), (H, W, 1) or (H, W, 3), to the number. unit: empty where there is none. range: the smallest and the largest
    value that it can take. source: the paper or program that defines it. package, command: what must be installed
    beside NumPy (a Python package by its import name; a program), empty where nothing must.
    """

    name: str
    function: Callable[[Picture, Picture], float]
    unit: str
    range: tuple[float, float]
    higher_is_better: bool
    source: str
    package: str = ""
    command: str = ""

    @property
    def available(self) -> bool:
        """Whether what it needs is installed."""
        if self.package and importlib.util.find_spec(self.package) is None:
            return False
        return not self.command or shutil.which(self.command) is not None


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("mse", distortion.mse, "levels^2", (0, _INF), False, "mean squared error"),
        Metric("rmse", distortion.rmse, "levels", (0, _INF), False, "root of the mean squared error"),
        Metric("psnr", distortion.psnr, "dB", (0, _INF), True, "10 log10(peak^2 / mse), channels together"),
        Metric("ssim", structural.ssim, "", (-1, 1), True, "Wang et al. 2004, mean of channels", package="scipy"),
        Metric("ms-ssim", multiscale.ms_ssim, "", (0, 1), True, "Wang et al. 2003, mean of channels", package="scipy"),
        Metric("ms-ssim-db", multiscale.ms_ssim_db, "dB", (0, _INF), True, "-10 log10(1 - MS-SSIM)", package="scipy"),
        Metric("fsim", features.fsim, "", (0, 1), True, "Zhang et al. 2011, brightness"),
        Metric("fsimc", features.fsimc, "", (0, 1), True, "Zhang et al. 2011, with colour"),
        Metric("psnr-hvs", visibility.psnr_hvs, "dB", (-_INF, _INF), True, "Egiazarian et al. 2006, brightness"),
        Metric("psnr-hvs-m", visibility.psnr_hvs_m, "dB", (-_INF, _INF), True, "Ponomarenko et al. 2007, brightness"),
        Metric("ssimulacra2", ssimulacra2.score, "", (-_INF, 100), True, "Sneyers 2022", package="ssimulacra2"),
        Metric("butteraugli", butteraugli.score, "", (0, _INF), False, "Google 2017", command="butteraugli"),
        Metric("vmaf", vmaf.score, "", (0, 100), True, "Netflix, model vmaf_v0.6.1", package="imageio_ffmpeg"),
    )
}


def measure(reference: Picture, distorted: Picture, names: Iterable[str]) -> dict[str, float]:
    """The metrics `names` of `METRICS` for two pictures of one shape, both uint8 or both uint16: name to number.

    Numbers may be infinite (PSNR of equal pictures). Raises `InvalidInputError` for a name that is not listed and for
    pictures that a metric cannot take, `UnsupportedError` for samples that are neither uint8 nor uint16 and for 16 bits
    where a metric has only 8, `MissingExtraError` for a metric whose program is not installed (see `Metric.available`).
    """
    chosen = list(names)
    unknown = [name for name in chosen if name not in METRICS]
    if unknown:
        raise InvalidInputError(f"no metric is called {unknown[0]!r}; there are {', '.join(METRICS)}")
    first, second = same_shape(reference, distorted)
    if first.dtype not in PEAKS or first.dtype != second.dtype:
        raise UnsupportedError(f"pictures are uint8 or uint16, both alike, not {first.dtype} and {second.dtype}")
    return {name: METRICS[name].function(first, second) for name in chosen}
