"""RC: a picture is a JPEG file, and what a network expects of the rest when it sees what the file shows."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="rc",
    about="lossless coding by a JPEG file and a network that says how the rest is spread",
    group="G11",
    sources=("S2", "S3", "arXiv:2003.10184"),
    codec="codec:RcCodec",
    training="training:RcTraining",
    model="rc-1",
)
