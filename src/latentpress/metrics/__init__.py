"""How far a restored picture is from its original, and how two codecs' rate-distortion curves compare.

MS-SSIM and BD-rate use SciPy, which the extra `bench` brings.
"""

from latentpress.metrics.bd import BDRate, bd_rate
from latentpress.metrics.distortion import mse, psnr
from latentpress.metrics.ssim import ms_ssim

__all__ = ["BDRate", "bd_rate", "ms_ssim", "mse", "psnr"]
