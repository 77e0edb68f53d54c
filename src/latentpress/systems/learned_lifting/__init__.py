"""A reversible wavelet whose predictions and updates are small networks in whole numbers."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="learned-lifting",
    about="lossless: a wavelet whose lifting steps are networks, bit planes with the MQ coder",
    group="G1",
    sources=("S3", "arXiv:2012.08060"),
    codec="codec:LiftingCodec",
    training="training:LiftingTraining",
    model="learned-lifting-1",
)
