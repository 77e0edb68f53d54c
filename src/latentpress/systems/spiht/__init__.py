"""SPIHT: a wavelet's coefficients in trees, coded plane by plane, in a file that may be cut off."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="spiht",
    about="9/7 wavelet, set partitioning in hierarchical trees, adaptive contexts; a file may be cut off anywhere",
    group="G6",
    sources=("S0", "doi:10.1109/76.499834"),
    codec="codec:SpihtCodec",
)
