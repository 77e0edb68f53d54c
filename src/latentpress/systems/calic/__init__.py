"""CALIC: gradients choose the predictor, texture and error energy the contexts."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="calic",
    about="CALIC: gradient-adjusted prediction, error feedback by texture, arithmetic coding by error energy; lossless",
    group="G11",
    sources=("S2", "doi:10.1109/26.585919"),
    codec="codec:CalicCodec",
)
