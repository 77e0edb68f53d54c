"""The reversible 5/3 wavelet and bit planes with the MQ coder, as in lossless JPEG 2000."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="ebcot-lossless",
    about="lossless: reversible 5/3 wavelet, bit planes with the MQ coder, as in JPEG 2000",
    group="G11",
    sources=("S1", "doi:10.1109/83.847830"),
    codec="codec:EbcotLosslessCodec",
)
