"""Fixed transforms with exact inverses. Those with `forward` and `inverse` are stages of `codecs.stages`."""

from latentpress.transforms.blocks import Blocks, Linear, Pad, Reorder, separable, zigzag
from latentpress.transforms.colour import Subsample, ToYcc, to_rgb, to_ycc
from latentpress.transforms.dct import block_dct, dct_matrix, inverse_block_dct
from latentpress.transforms.klt import KltBasis, fit_klt

__all__ = [
    "Blocks",
    "KltBasis",
    "Linear",
    "Pad",
    "Reorder",
    "Subsample",
    "ToYcc",
    "block_dct",
    "dct_matrix",
    "fit_klt",
    "inverse_block_dct",
    "separable",
    "to_rgb",
    "to_ycc",
    "zigzag",
]
