"""Training of the system; see `latentpress.training.lossless`."""

from latentpress.training.lossless.loop import train

__all__ = ["train"]
