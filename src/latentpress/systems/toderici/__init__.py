"""The progressive recurrent codec of Toderici et al. 2017."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="toderici",
    about="recurrent autoencoder with binary codes, a layer after the other: a file may be cut off anywhere",
    group="G6",
    sources=("S0", "S3", "arXiv:1608.05148"),
    codec="codec:TodericiCodec",
    training="training:TodericiTraining",
    model="toderici-1",
)
