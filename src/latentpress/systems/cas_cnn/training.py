"""Training of the system; see `latentpress.training.restoration`."""

from latentpress.training.restoration.loop import train

__all__ = ["train"]
