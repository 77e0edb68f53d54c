"""Type and thumbnails of .lpx files on Linux desktops."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

import latentpress
from latentpress.container import MAGIC
from latentpress.image import Image, read
from latentpress.pillow import MIME

Run = Callable[..., Result]


def test_the_desktop_is_told_and_its_thumbnailer_works(
    run: Run, tmp_path: Path, rgb: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert run("desktop").exit_code == 0
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    (kind,) = ET.parse(tmp_path / "share" / "mime" / "packages" / "latentpress.xml").getroot()
    assert kind.attrib["type"] == MIME
    glob, magic = kind.find(f"{space}glob"), kind.find(f"{space}magic/{space}match")
    assert glob is not None and glob.attrib["pattern"] == "*.lpx"  # noqa: PT018
    assert magic is not None
    assert magic.attrib["value"].encode().decode("unicode_escape").encode("latin-1") == MAGIC

    entry = configparser.ConfigParser(interpolation=None)
    entry.read(tmp_path / "share" / "thumbnailers" / "latentpress.thumbnailer")
    (tmp_path / "a b.lpx").write_bytes(latentpress.compress(rgb.to_depth(16), lossless=True))
    filled = {"%i": str(tmp_path / "a b.lpx"), "%o": str(tmp_path / "t.png"), "%s": "32"}
    words = [filled.get(word, word) for word in shlex.split(entry["Thumbnailer Entry"]["Exec"])]
    for _ in range(2):  # the desktop has made an empty file there already
        assert subprocess.run(words, timeout=60, check=False).returncode == 0
    small = read(tmp_path / "t.png")
    assert (small.width, small.height, small.bit_depth) == (32, 31, 8)

    assert run("desktop", "--remove").exit_code == 0
    assert not [path for path in (tmp_path / "share").rglob("latentpress.*") if path.is_file()]
