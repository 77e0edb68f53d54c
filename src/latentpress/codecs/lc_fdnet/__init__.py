"""Lossless coding by sub-images: every pixel predicted from pixels on all sides, in whole numbers."""

from latentpress.codecs.lc_fdnet.codec import LcFdnetCodec

__all__ = ["LcFdnetCodec"]
