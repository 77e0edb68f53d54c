"""A program that does not end, and one that wants too much memory."""

from __future__ import annotations

import sys
import time

import pytest

from latentpress.bench.coders.ffmpeg import _communicate
from latentpress.errors import LimitError


def test_a_program_that_does_not_end_is_stopped() -> None:
    start = time.monotonic()
    with pytest.raises(LimitError, match="did not finish"):
        _communicate([sys.executable, "-c", "import time; time.sleep(60)"], b"", 0.3, 2**32)
    assert time.monotonic() - start < 20


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of another process can be limited on Linux only")
def test_a_program_that_takes_too_much_memory_fails() -> None:
    code = "import sys; sys.stdin.read(); bytearray(2**31)"
    done = _communicate([sys.executable, "-c", code], b"", 30.0, 2**30)
    assert done.returncode
    assert b"MemoryError" in done.stderr
