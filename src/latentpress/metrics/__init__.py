"""Distortion, rate, and the comparison of rate-distortion curves.

`METRICS` lists every metric of two pictures, and `measure` computes those chosen by name. The functions are here by
their own names too; each says its range, its unit, its source, and whether higher is better. SSIM, MS-SSIM, BD-rate and
the area under a curve use SciPy, which the extra `bench` brings.
"""

from latentpress.metrics.area import RDArea, rd_area
from latentpress.metrics.bd import BDQuality, BDRate, bd_psnr, bd_rate
from latentpress.metrics.distortion import mse, psnr, psnr_s1, rmse
from latentpress.metrics.features import fsim, fsimc
from latentpress.metrics.multiscale import ms_ssim, ms_ssim_db, similarity_db
from latentpress.metrics.rate import bits_per_pixel, bits_per_subpixel, compression_ratio, space_saving
from latentpress.metrics.registry import METRICS, Metric, measure
from latentpress.metrics.structural import ssim
from latentpress.metrics.subjective import BradleyTerry, Opinions, bradley_terry, opinion_scores, outlying_observers
from latentpress.metrics.visibility import psnr_hvs, psnr_hvs_m

__all__ = [
    "METRICS",
    "BDQuality",
    "BDRate",
    "BradleyTerry",
    "Metric",
    "Opinions",
    "RDArea",
    "bd_psnr",
    "bd_rate",
    "bits_per_pixel",
    "bits_per_subpixel",
    "bradley_terry",
    "compression_ratio",
    "fsim",
    "fsimc",
    "measure",
    "ms_ssim",
    "ms_ssim_db",
    "mse",
    "opinion_scores",
    "outlying_observers",
    "psnr",
    "psnr_hvs",
    "psnr_hvs_m",
    "psnr_s1",
    "rd_area",
    "rmse",
    "similarity_db",
    "space_saving",
    "ssim",
]
