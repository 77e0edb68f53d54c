"""Table 1 of Lee and Kim 2023 (a survey in Korean: an autoencoder against a CNN), as printed, and what its figures
imply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["PRINTED", "Printed", "correlation", "printed"]

_PEAK = 255.0


@dataclass(frozen=True)
class Printed:
    """A row: PSNR in dB and RMSE of ``method`` (AE, CNN) on ``picture``."""

    method: str
    picture: str
    psnr: float
    rmse: float

    @property
    def psnr_of_rmse(self) -> float:
        """The PSNR that this RMSE has, of samples up to 255."""
        return 20 * math.log10(_PEAK / self.rmse)

    @property
    def unit_psnr_of_rmse(self) -> float:
        """The PSNR that this RMSE has, of samples up to 1."""
        return -20 * math.log10(self.rmse)

    @property
    def equation_5(self) -> float:
        """What the paper's equation (5), 10 log10(255^2 / sqrt(MSE)), gives for this RMSE."""
        return 10 * math.log10(_PEAK**2 / self.rmse)

    @property
    def rmse_of_psnr(self) -> float:
        """The RMSE that this PSNR has, of samples up to 255."""
        return _PEAK / 10 ** (self.psnr / 20)


PRINTED: tuple[Printed, ...] = tuple(
    Printed(method, picture, psnr, rmse)
    for method, rows in {
        "AE": (
            ("Lighthouse", 52.64, 0.005),
            ("Sherlock", 51.17, 0.003),
            ("Office", 54.97, 0.012),
            ("Yellow Lily", 57.61, 0.008),
            ("Indian Corn", 53.75, 0.038),
            ("Lama", 52.18, 0.014),
        ),
        "CNN": (
            ("Lighthouse", 28.89, 4.918),
            ("Sherlock", 34.81, 3.252),
            ("Office", 29.47, 5.141),
            ("Yellow Lily", 33.85, 3.531),
            ("Indian Corn", 24.83, 7.193),
            ("Lama", 31.68, 4.165),
        ),
    }.items()
    for picture, psnr, rmse in rows
)
"""All twelve rows."""


def printed(method: str, picture: str) -> Printed:
    """One of them."""
    return next(row for row in PRINTED if (row.method, row.picture) == (method, picture))


def correlation(rows: Sequence[Printed]) -> float:
    """Of PSNR with log RMSE: -1 wherever both belong to the same pictures and one peak."""
    return float(np.corrcoef([row.psnr for row in rows], [math.log(row.rmse) for row in rows])[0, 1])
