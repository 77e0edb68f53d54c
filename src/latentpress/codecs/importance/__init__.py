"""The autoencoder with importance map and bit-plane coder: bitstream side, NumPy only."""

from latentpress.codecs.importance.codec import ImportanceCodec

__all__ = ["ImportanceCodec"]
