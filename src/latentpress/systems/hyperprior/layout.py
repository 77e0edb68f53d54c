"""Names that the codec and its training share."""

from __future__ import annotations

__all__ = ["ENCODER"]

ENCODER = "hyperprior-encoder"
"""What the card of a package calls itself that holds another analysis for a model: its config has the model's id as
``model``, and as ``tune`` what the analysis was trained for.
"""
