"""The Karhunen-Loève codec: blocks in the basis that decorrelates those of the training pictures."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="pca-blocks",
    about="blocks of YCbCr in the basis of their principal components, with contexts in whole numbers",
    group="G5",
    sources=("S0", "S4"),
    codec="codec:PcaCodec",
    training="training:PcaTraining",
    model="pca-blocks-1",
)
