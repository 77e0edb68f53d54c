"""Memory: that which is missing, and that which the C library keeps after it was freed."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
from collections.abc import Iterator
from pathlib import Path

from latentpress.errors import LatentPressError, OutOfMemoryError

__all__ = ["give_back", "is_short", "limited", "make_sure", "peak", "prepare", "telling"]

_SIGNS = ("alloc", "memory", "pthread", "new thread")  # in the words of libraries that could not get any
_SOME = 2**27
_ROOM = 2**25  # what threads of ONNX Runtime take at most where they cannot be refused, with room to spare


def give_back() -> None:
    """Hand freed memory back to the system, where the C library would keep it for later (glibc does); else nothing.

    Worth its milliseconds after work on a large picture, whose next step wants as much again.
    """
    if sys.platform != "linux":
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return
    trim(0)


def peak(process: int | str = "self") -> int | None:
    """The largest resident set of a process since it started its program, bytes; None where the system does not tell.

    Linux is asked for VmHWM: its ru_maxrss begins, in a new process, with the peak of the one that started it.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def is_short(error: Exception) -> bool:
    """Whether an error means that memory is missing: by its kind, by the words of a library, or - some say nothing of
    it, or call what they could not read damaged - because there is none to be had.
    """
    if isinstance(error, MemoryError):
        return True
    if not isinstance(error, LatentPressError) and any(sign in str(error) for sign in _SIGNS):
        return True
    try:
        bytes(_SOME)  # asked for and not touched, which takes no time; a bytearray would be filled
    except MemoryError:
        return True
    return False


def make_sure() -> None:
    """Raise MemoryError where the system would not give 32 MiB more.

    ONNX Runtime's layers in 8 bits take small buffers in each thread and do not look whether they got them, and glibc
    ends a process that lacks such. Asked for and not touched, which takes microseconds.
    """
    try:
        mmap.mmap(-1, _ROOM).close()
    except OSError:
        raise MemoryError("none is left") from None


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Make every error in the block that means missing memory an OutOfMemoryError. Serves as a decorator too."""
    try:
        yield
    except OutOfMemoryError:
        raise
    except Exception as error:
        if not is_short(error):
            raise
        raise OutOfMemoryError(f"there is not enough memory: {str(error) or 'none is left'}") from None


def prepare() -> None:
    """Have what is needed to end a thread of a C++ library when memory runs out. glibc loads it at that moment, and
    ends the process where it cannot; it is not large.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL("libgcc_s.so.1")


def limited() -> bool:
    """Whether the system holds this process's memory under a limit of its own (``RLIMIT_AS``)."""
    try:
        import resource
    except ImportError:  # not on Windows
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
