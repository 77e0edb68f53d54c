"""A disk that is full: one line that names the file, nothing half written, nothing that waits for ever."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENDINGS = (".png", ".ppm", ".tif", ".bmp", ".webp", ".jpg", ".jp2", ".avif")


WITH_SMALL_FILES = """
import resource, sys
from pathlib import Path
import numpy as np
import latentpress
from latentpress.atomic import atomic_output
from latentpress.errors import LatentPressError
from latentpress.image import Image
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))  # the system answers as if the disk were full
place = Path(sys.argv[1])
"""


def with_small_files(code: str, place: Path) -> str:
    """What a process prints in which no file may grow above 1 KB: not this one, whose own output may be a file."""
    command = [sys.executable, "-c", WITH_SMALL_FILES + code, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="limits of files, /dev/full")
def test_no_picture_is_left_and_the_error_names_it(tmp_path: Path) -> None:
    code = f"""
noise = Image(np.random.default_rng(0).integers(0, 256, (60, 70, 3)).astype(np.uint8))
for ending in {ENDINGS!r}:
    try:
        latentpress.write_image(noise, place / f"a{{ending}}")
    except LatentPressError as error:
        print(error)
"""
    said = with_small_files(code, tmp_path).splitlines()
    assert len(said) == len(ENDINGS)
    for line, ending in zip(said, ENDINGS, strict=True):
        assert line.startswith(f"cannot write {tmp_path / 'a'}{ending}: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits of files, /dev/full")
def test_what_was_there_before_stays(tmp_path: Path) -> None:
    place = tmp_path / "a.bin"
    place.write_bytes(b"before")
    code = """
for size in (1, 5000):  # found out when buffers are written, and at once
    try:
        with atomic_output(place) as stream:
            stream.writelines([bytes(size)] * 3000)
    except LatentPressError as error:
        print(error)
"""
    said = with_small_files(code, place).splitlines()
    assert len(said) == 2
    assert all("/a.bin: " in line for line in said)
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full")
@pytest.mark.parametrize(("output", "named"), [("/dev/full", "/dev/full"), ("-", "standard output")])
def test_the_command_line_says_where(output: str, named: str) -> None:
    golden = Path(__file__).parent / "golden" / "hyperprior-3-rgb-63x65-q30.png"
    command = [sys.executable, "-m", "latentpress", "compress", str(golden), output, "--force"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == f"latentpress: cannot write {named}: {os.strerror(errno.ENOSPC)}\n"
