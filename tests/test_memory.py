"""Memory that the system does not give: our error or the right result, whatever the limit; never a crash, never
damage that is none. And memory in use stays what it is over many calls.
"""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentpress import compress, decompress, memory
from latentpress.errors import LatentPressError, OutOfMemoryError
from latentpress.image import Image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS, /proc, fork")

GOLDEN = Path(__file__).parent / "golden"
ALONE = "LATENTPRESS_TESTS_ALONE"
fork = pytest.mark.skipif(ALONE not in os.environ, reason="a child of a process with threads may wait for ever")
"""Tests that fork: run by `test_in_a_process_of_its_own`."""
LIMITS = (400, 100, 40, 15, 5)  # megabytes beyond what the process has; with none glibc itself may end the process


def _pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0])


def _within(megabytes: int, work: Callable[[], bytes]) -> str:
    """How ``work`` ends in a process that may take so much more memory: a digest, or the kind of error."""
    import resource

    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"another exception"
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_pages() * resource.getpagesize() + megabytes * 2**20,) * 2)
            try:
                said = hashlib.sha256(work()).hexdigest().encode()
            except OutOfMemoryError as error:
                said = b"ours" if str(error).startswith("there is not enough memory") else b"other words"
            except LatentPressError as error:
                said = f"{type(error).__name__}: {error}".encode()
            except BaseException as error:
                said = f"{type(error).__name__}: {error}".encode()
        finally:
            os.write(theirs, said)
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the process ended with status {status} at {megabytes} MB"
    return said.decode()


def test_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "said_to_be_missing"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=os.environ | {ALONE: "1"})
    assert done.returncode == 0, done.stdout[-3000:]
    assert "4 passed" in done.stdout


@fork
@pytest.mark.parametrize("name", ["hyperprior-3-photo-128x96-q80", "lossless-few", "jpeg-1-rgb-63x65-q0"])
def test_a_file_is_decoded_or_memory_is_said_to_be_missing(name: str) -> None:
    data = (GOLDEN / f"{name}.lpx").read_bytes()
    decompress(data, threads=1)  # all is imported, and no thread is started
    right = _within(4000, lambda: decompress(data, threads=2).pixels.tobytes())
    assert len(right) == 64
    ends = [_within(limit, lambda: decompress(data, threads=2).pixels.tobytes()) for limit in LIMITS]
    assert set(ends) <= {right, "ours"}
    assert "ours" in ends or not name.startswith("hyperprior")  # the others need next to nothing once they are loaded


@fork
def test_a_picture_is_coded_or_memory_is_said_to_be_missing() -> None:
    image = Image(np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8))
    compress(image, threads=1)
    ends = [_within(limit, lambda: compress(image, threads=2)) for limit in LIMITS]
    assert len({end for end in ends if len(end) == 64}) == 1
    assert {end for end in ends if len(end) != 64} == {"ours"}


def test_signs_of_missing_memory() -> None:
    assert memory.is_short(MemoryError())
    assert memory.is_short(RuntimeError("std::bad_alloc"))
    assert not memory.is_short(ValueError("the graph has no output"))
    with pytest.raises(OutOfMemoryError, match="none is left"), memory.telling():
        raise MemoryError
    with pytest.raises(OutOfMemoryError), memory.telling():
        raise RuntimeError("can't start new thread")
    with pytest.raises(RuntimeError, match="else"), memory.telling():
        raise RuntimeError("something else")


def test_a_network_is_not_run_on_the_last_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (GOLDEN / "hyperprior-3-photo-128x96-q80.lpx").read_bytes()
    decompress(data, threads=1)

    def none(*_: int) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(memory.mmap, "mmap", none)
    with pytest.raises(OutOfMemoryError, match="not enough memory to run a network"):
        decompress(data, threads=1)


def test_many_calls_take_no_more_memory() -> None:
    image = Image(np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8))

    def resident() -> float:
        gc.collect()
        memory.give_back()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20

    def calls(count: int) -> None:
        for _ in range(count):
            decompress(compress(image, threads=1), threads=1)

    calls(20)
    before = resident()
    calls(60)
    assert resident() - before < 8  # a leak of one 48 x 64 picture a call would be 10


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_the_peak_of_a_process_is_not_that_of_its_parent() -> None:
    held = b"\1" * 400_000_000
    command = "from latentpress.memory import peak; print(peak())"
    child = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    own = memory.peak()
    assert own is not None
    assert int(child.stdout) < len(held) < own
