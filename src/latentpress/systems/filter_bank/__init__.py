"""Li 2019: a filter bank of convolutions, its sub-bands in trees, and contexts by a network."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="filter-bank",
    about="a bank of networks around the 9/7 wavelet, set partitioning in trees, contexts by an integer network",
    group="G5",
    sources=("S0",),
    codec="codec:FilterBankCodec",
    training="training:FilterBankTraining",
    model="filter-bank-1",
)
