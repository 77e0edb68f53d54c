"""Encrypted files on the command line: where keys come from, folders, and what touches the disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("cryptography")

import latentpress
from latentpress import atomic, encryption
from latentpress.apps import folders, keys
from latentpress.apps.cli import app
from latentpress.image import Image, read
from latentpress.jobs import InProcess

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_COST", 4)
    monkeypatch.delenv(keys.VARIABLE, raising=False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key.txt").write_text("open sesame\n")
    return tmp_path / "key.txt"


def test_a_key_file_and_the_environment(
    run: Run, photo: Path, key: Path, rgb: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = photo.with_suffix(".lpx")
    assert run("compress", photo, "--lossless", "--encrypt", "--key-file", key, "--verify").exit_code == 0
    assert latentpress.decompress(packed, key="open sesame") == rgb
    assert "encrypted:" in run("inspect", packed).stdout
    refused = run("decompress", packed, photo.with_name("b.png"))
    assert refused.exit_code == 2
    assert refused.stderr.startswith("latentpress: there is no key: give --key-file FILE, or set LATENTPRESS_KEY")
    monkeypatch.setenv(keys.VARIABLE, "wrong")
    refused = run("decompress", packed, photo.with_name("b.png"))
    assert refused.stderr == f"latentpress: {packed}: the key is wrong, or the file was changed\n"
    assert not photo.with_name("b.png").exists()
    monkeypatch.setenv(keys.VARIABLE, "open sesame")
    assert run("decompress", packed, photo.with_name("b.png")).exit_code == 0
    assert read(photo.with_name("b.png")) == rgb
    assert run("compress", photo, photo.with_name("plain.lpx")).exit_code == 0
    assert run("decompress", photo.with_name("plain.lpx")).exit_code == 0  # a key in the environment does no harm
    assert "it opens without a key" in run("decompress", photo.with_name("plain.lpx"), "--key-file", key).stderr
    assert "--key-file is for --encrypt" in run("compress", photo, "--key-file", key, "--force").stderr


def test_the_terminal_asks_twice_for_a_new_key(photo: Path, rgb: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_asks", lambda: True)
    typed = CliRunner().invoke(app, ["compress", str(photo), "--encrypt", "--lossless"], input="one\ntwo\none\none\n")
    assert typed.exit_code == 0, typed.output
    assert "one" not in typed.stdout
    assert latentpress.decompress(photo.with_suffix(".lpx"), key="one") == rgb


def test_folders(run: Run, photo: Path, key: Path, rgb: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    photo.rename(tmp_path / "in" / "a.png")
    words = ("compress", tmp_path / "in", "-o", tmp_path / "out", "--lossless", "--encrypt", "--jobs", "1")
    assert run(*words, "--key-file", key).exit_code == 0
    assert latentpress.decompress(tmp_path / "out" / "a.lpx", key="open sesame") == rgb
    monkeypatch.setattr(folders, "_executor", lambda *_: InProcess())  # the rest is no matter of other processes
    record = (tmp_path / "out" / ".latentpress-job.json").read_text()
    assert encryption.key_mark("open sesame") in record
    assert "sesame" not in record
    key.write_text("another key")
    other = run(*words, "--key-file", key)
    assert other.exit_code == 2
    assert "key" in other.stderr
    wrong = run("decompress", tmp_path / "out", "-o", tmp_path / "back", "--key-file", key, "--jobs", "1")
    assert wrong.exit_code == 1
    assert "a.lpx: the key is wrong, or the file was changed" in wrong.stderr
    key.write_text("open sesame\n")
    assert run("decompress", tmp_path / "out", "-o", tmp_path / "back", "--key-file", key).exit_code == 0
    assert read(tmp_path / "back" / "a.png") == rgb
    far = ("--scheduler", "tcp://127.0.0.1:1", "--key-file", key)
    assert "keys do not travel" in run(*words[:-2], *far).stderr


def test_nothing_readable_touches_the_disk(
    run: Run, photo: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file on its way to its name, and the folder of temporary files."""
    plain = latentpress.compress(photo, lossless=True)
    written: list[bytes] = []
    rename = os.replace

    def seen(source: Path, target: Path) -> None:
        written.append(Path(source).read_bytes())
        rename(source, target)

    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(atomic.os, "replace", seen)
    assert run("compress", photo, "--lossless", "--encrypt", "--key-file", key).exit_code == 0
    assert len(written) == 1
    assert encryption.decrypt(written[0], "open sesame") == plain
    assert not any(plain[start : start + 8] in written[0] for start in range(40, len(plain) - 8))
    assert not list((tmp_path / "temporary").iterdir())
