"""Text that is safe to print: names of files may hold anything but a slash and a null."""

from __future__ import annotations

import sys

__all__ = ["one_line", "plain", "tell"]


def plain(text: str) -> str:
    """``text`` with characters that a terminal would act on, or cannot show, as escapes: ``\\x1b``, ``\\udcff``."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """The same, with white space between words as one space each."""
    return plain(" ".join(text.split()))


def tell(text: str) -> None:
    """Print a line on standard error."""
    print(one_line(text), file=sys.stderr)
