"""A disk that is full: one line that names the file, nothing half written, nothing that waits for ever."""

from __future__ import annotations

import errno
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress.atomic import atomic_output
from latentpress.errors import LatentPressError
from latentpress.image import Image

ENDINGS = (".png", ".ppm", ".tif", ".bmp", ".webp", ".jpg", ".jp2", ".avif")


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow above 1 KB; the system answers as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of files, /dev/full")
@pytest.mark.parametrize("ending", ENDINGS)
def test_no_picture_is_left_and_the_error_names_it(ending: str, tmp_path: Path, small_files: None) -> None:
    noise = Image(np.random.default_rng(0).integers(0, 256, (60, 70, 3)).astype(np.uint8))
    place = tmp_path / f"a{ending}"
    with pytest.raises(LatentPressError, match=f"^cannot write {re.escape(str(place))}: "):
        latentpress.write_image(noise, place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits of files, /dev/full")
def test_what_was_there_before_stays(tmp_path: Path, small_files: None) -> None:
    place = tmp_path / "a.bin"
    place.write_bytes(b"before")
    for size in (1, 5000):  # found out when buffers are written, and at once
        with pytest.raises(LatentPressError, match=r"/a[.]bin: "), atomic_output(place) as stream:
            stream.writelines([bytes(size)] * 3000)
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
