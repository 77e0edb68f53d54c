"""JPEG restoration by plain stacks of convolutions, as the papers had them."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="residual-cnn",
    about="JPEG restoration by a plain stack of convolutions: AR-CNN, L8 or DnCNN",
    group="G9",
    sources=("S1", "S3", "arXiv:1504.06993", "arXiv:1605.00366", "arXiv:1608.03981"),
    training="training:ResidualTraining",
    packages="restore",
)
