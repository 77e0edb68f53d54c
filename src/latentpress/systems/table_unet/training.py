"""Training of the U-Net restorer."""

from latentpress.training.restoration.table_unet import TableUnetTraining

__all__ = ["TableUnetTraining"]
