"""Lossless and near-lossless coding: every pixel predicted from its neighbours, in whole numbers."""

from latentpress.codecs.lossless.codec import MlpLosslessCodec

__all__ = ["MlpLosslessCodec"]
