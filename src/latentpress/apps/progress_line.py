"""One line that shows how far a long command is."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

from latentpress.progress import listening

__all__ = ["BACK_AND_CLEAR", "progress_line"]

_PATIENCE = 2.0  # seconds for which nobody wants to be told anything
_EVERY = 0.5

BACK_AND_CLEAR = "\r\x1b[K"
"""Takes a line away from a terminal."""


@contextlib.contextmanager
def progress_line(what: str, pixels: int = 0, *, quiet: bool) -> Iterator[None]:
    """Show, for work in the block that takes over two seconds, its share that is done, the rate and the time left.

    On standard error and only if that is a terminal; the line is gone at the end. pixels: of the picture, if known.
    """
    if quiet or not sys.stderr.isatty():
        yield
        return
    share, start, over = 0.0, time.monotonic(), threading.Event()

    def hear(done: float) -> None:
        nonlocal share
        share = done

    def show() -> None:
        wait = _PATIENCE
        while not over.wait(wait):
            line = _words(what, share, pixels, time.monotonic() - start)
            print(f"{BACK_AND_CLEAR}{line}", end="", file=sys.stderr, flush=True)
            wait = _EVERY
        if wait == _EVERY:
            print(BACK_AND_CLEAR, end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        with listening(hear):
            yield
    finally:
        over.set()
        thread.join()


def _words(what: str, share: float, pixels: int, seconds: float) -> str:
    if share <= 0:
        return f"{what}: {seconds:.0f} s"
    rate = f"{share * pixels / 1e6 / seconds:.2g} megapixels a second, " if pixels else ""
    return f"{what}: {share:.0%}, {rate}{seconds * (1 - share) / share:.0f} s left"
