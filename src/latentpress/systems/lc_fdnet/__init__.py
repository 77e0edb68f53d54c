"""Lossless coding by sub-images: every pixel predicted from pixels on all sides, in whole numbers."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="lc-fdnet",
    about="lossless coding by sub-images, low frequencies before high ones",
    group="G11",
    sources=("S2", "arXiv:2112.06417"),
    codec="codec:LcFdnetCodec",
    training="training:LcFdnetTraining",
    model="lc-fdnet-2",
)
