"""What a request hands over, and what may be wrong with it beside its file."""

from __future__ import annotations

from dataclasses import dataclass

from latentpress.errors import InvalidInputError

__all__ = ["ParameterError", "Upload"]


class ParameterError(InvalidInputError):
    """A parameter of the request is wrong, whatever its body holds."""


@dataclass(frozen=True)
class Upload:
    """The file of a request, and the picture that says where it matters most, if there is one."""

    file: bytes
    mask: bytes | None = None
