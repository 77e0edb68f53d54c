"""Blocks in the frequencies of Fourier, cosine, lapped or Haar transforms; what is below a threshold is dropped."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="dft-threshold",
    about="blocks in their frequencies (DFT, DCT, lapped, Haar), small ones dropped, four entropy coders",
    group="G1",
    sources=("S4", "S0"),
    codec="codec:ThresholdCodec",
    variants={
        "dct-threshold": {"transform": "dct"},
        "lapped-threshold": {"transform": "lapped", "block": 16},
    },
)
