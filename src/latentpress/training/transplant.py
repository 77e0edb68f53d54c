"""A network that begins with the weights of another of different sizes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["transplant"]


def transplant(donor: Mapping[str, Tensor], fresh: Mapping[str, Tensor], repeated: str = "") -> dict[str, Tensor]:
    """State of a new network: ``fresh``, its own initial state, with what the donor's state has for it.

    A tensor of the same name gives the corner that both shapes share: latents stand in the order of their variance, so
    fewer of them are the important ones, and more keep the others' places. repeated: name of a list of modules of which
    those that the donor lacks begin as its last one, since each does much as the one before. All else that the donor
    lacks, such as further residual blocks, stays as it begins; what ``fresh`` lacks is left out.
    """
    prefix = f"{repeated}." if repeated else None
    last = max((int(name.split(".")[1]) for name in donor if prefix and name.startswith(prefix)), default=0)
    state = {}
    for name, own in fresh.items():
        source = name
        if prefix and name.startswith(prefix):
            _, number, rest = name.split(".", 2)
            source = f"{prefix}{min(int(number), last)}.{rest}"
        state[name] = _corner(donor[source], own) if source in donor else own.clone()
    return state


def _corner(given: Tensor, own: Tensor) -> Tensor:
    """``own`` with the leading part of every axis that ``given`` has too."""
    if given.ndim != own.ndim:
        return own.clone()
    shared = tuple(slice(0, min(a, b)) for a, b in zip(given.shape, own.shape, strict=True))
    result = own.clone()
    with torch.no_grad():
        result[shared] = given[shared].to(own.dtype)
    return result
