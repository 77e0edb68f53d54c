"""Bit planes of code blocks with the MQ coder, as in JPEG 2000."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="ebcot",
    about="9/7 or 5/3 wavelet, bit planes of code blocks with the MQ coder, as in JPEG 2000",
    group="G3",
    sources=("S1", "doi:10.1109/83.847830"),
    codec="codec:EbcotCodec",
    variants={"ebcot-53": {"wavelet": "cdf53"}},
)
