"""Vector quantisation in stages: squares of a wavelet's bands as sums of words from codebooks."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="vq",
    about="squares of wavelet bands as sums of words from codebooks (LBG, in stages)",
    group="G2",
    sources=("S0", "S4"),
    codec="codec:VqCodec",
    training="training:VqTraining",
    model="vq-1",
)
