"""`ServiceLimits`: how much the service takes on, and how people write such amounts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from latentpress.errors import InvalidInputError

__all__ = ["ServiceLimits", "parse_amount"]

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmg])(i?))?(?:b|p|px|pixels)?", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}


def _usual_workers() -> int:
    """One for each core that this process may use, at most 4: each worker holds the networks and a picture."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, 4)


@dataclass(frozen=True)
class ServiceLimits:
    """How much the service takes on.

    max_upload: bytes of an uploaded file. max_pixels: width times height of a picture, checked in its header before it
    is decoded; a worker takes up to about 100 bytes a pixel. timeout: seconds for each of sending the body, waiting
    for a worker, and the work. workers: processes that code pictures, each on one thread. queue: requests that may wait
    beside those at work; one more is refused. So at most (workers + queue) uploads are in memory at a time.

    Raises InvalidInputError for a limit that is not positive (queue: negative).
    """

    max_upload: int = 32_000_000
    max_pixels: int = 2**24
    timeout: float = 60.0
    workers: int = field(default_factory=_usual_workers)
    queue: int = 32

    def __post_init__(self) -> None:
        for name in ("max_upload", "max_pixels", "timeout", "workers"):
            if not 0 < getattr(self, name) < 2**40:
                raise InvalidInputError(f"{name.replace('_', '-')} must be above 0, not {getattr(self, name)}")
        if self.queue < 0:
            raise InvalidInputError(f"queue must be 0 or more, not {self.queue}")


def parse_amount(text: str) -> int:
    """A number as people write it: ``500000``, ``32MB`` (10^6), ``1.5MiB`` (2^20), ``16M``, ``24MP``.

    Raises InvalidInputError for anything else and for less than 1.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise InvalidInputError(f"{text!r} is no amount; write for example 500000, 32MB, 16MiB or 24MP")
    number, prefix, binary = match.groups(default="")
    value = int(float(number) * (1024 if binary else 1000) ** _POWERS[prefix.lower()])
    if value < 1:
        raise InvalidInputError(f"an amount must be at least 1, not {text!r}")
    return value
