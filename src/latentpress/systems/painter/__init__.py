"""Further synthesis networks for the files of another model: a quick preview, a generative look."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="painter",
    about="a second synthesis for the files of another model: a quick preview, or a generative look",
    group="G7",
    sources=("S0", "S3", "arXiv:2002.08988"),
    training="training:PainterTraining",
)
