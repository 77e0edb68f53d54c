"""What sender and receiver agree on."""

__all__ = ["LEFT_OUT"]

LEFT_OUT = 0.6
"""Share of a block's 64 coefficients that is left out, the highest frequencies: 38 of them."""
