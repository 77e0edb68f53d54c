"""Detection of objects in JPEG files that are not decompressed to pixels."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="coefficient-detector",
    about="single-shot detection of objects on DCT blocks of a JPEG file",
    group="G13",
    sources=("S4", "doi:10.1109/ITSC.2019.8916937"),
)
