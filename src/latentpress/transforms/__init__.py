"""Fixed transforms with exact inverses."""

from latentpress.transforms.klt import KltBasis, fit_klt

__all__ = ["KltBasis", "fit_klt"]
