"""Export of the system; see `latentpress.training.restoration`."""

from latentpress.training.restoration.export import export_package

__all__ = ["export_package"]
