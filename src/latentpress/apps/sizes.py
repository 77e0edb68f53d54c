"""Numbers of bytes as people write them."""

from __future__ import annotations

import re

from latentpress.errors import InvalidInputError

__all__ = ["parse_size", "shown_size"]

_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(b|kb?|mb?|gb?|kib|mib|gib)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def parse_size(text: str) -> int:
    """``150KB``, ``1.5 MB``, ``2MiB``, ``90000`` as a number of bytes; K, M and G are powers of 1000, Ki, Mi and Gi of
    1024. Raises InvalidInputError for anything else, and for nothing at all.
    """
    match = _SIZE.fullmatch(text.strip())
    if match:
        unit = (match[2] or "").lower()
        count = int(float(match[1]) * _UNITS[unit.removesuffix("b") if len(unit) > 1 else unit])
        if count > 0:
            return count
    raise InvalidInputError(f"a size is a number of bytes such as 150KB or 1.5MB, not {text!r}")


def shown_size(count: float) -> str:
    """A number of bytes for people, in powers of 1000."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.2f} {unit}"
        count /= 1000
    raise AssertionError
