"""The flagship lossy codec: bitstream side, NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentpress.codecs.hyperprior.codec import HyperpriorCodec

__all__ = ["HyperpriorCodec"]


def __getattr__(name: str) -> Any:
    """Fetch the codec when it is first used: training reads the encoder's rule of rounding on machines that have no
    entropy coder installed.
    """
    if name != "HyperpriorCodec":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from latentpress.codecs.hyperprior.codec import HyperpriorCodec

    return HyperpriorCodec
