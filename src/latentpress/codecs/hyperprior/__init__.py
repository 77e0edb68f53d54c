"""The flagship lossy codec: bitstream side, NumPy only."""

from latentpress.codecs.hyperprior.codec import HyperpriorCodec

__all__ = ["HyperpriorCodec"]
