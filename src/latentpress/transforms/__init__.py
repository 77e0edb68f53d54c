"""Fixed transforms with exact inverses."""

from latentpress.transforms.dct import block_dct, dct_matrix, inverse_block_dct
from latentpress.transforms.klt import KltBasis, fit_klt

__all__ = ["KltBasis", "block_dct", "dct_matrix", "fit_klt", "inverse_block_dct"]
