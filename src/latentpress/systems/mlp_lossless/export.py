"""Export of the system; see `latentpress.training.lossless`."""

from latentpress.training.lossless.export import export_package

__all__ = ["export_package"]
