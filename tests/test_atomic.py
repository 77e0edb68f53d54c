"""Output files and folders appear whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from latentpress.atomic import atomic_folder, atomic_output
from latentpress.errors import InvalidInputError, LatentPressError


def test_writes_a_new_file(tmp_path: Path) -> None:
    with atomic_output(tmp_path / "a.bin") as stream:
        stream.write(b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with atomic_output(target) as stream:
        stream.write(b"new")
        stream.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_failure_midway_leaves_the_old_file_and_no_other(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def half_write() -> None:
        with atomic_output(target) as stream:
            stream.write(b"half")
            raise failure

    with pytest.raises(failure):
        half_write()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_failure_of_the_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(LatentPressError, match=r"cannot write .*a\.bin: No space left"),
        atomic_output(target) as stream,
    ):
        stream.write(b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_missing_folder_and_folder_as_target(tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidInputError, match=r"cannot write .*none.a\.bin: No such"),
        atomic_output(tmp_path / "none" / "a.bin"),
    ):
        pass
    with pytest.raises(InvalidInputError, match="it is a folder"), atomic_output(tmp_path):
        pass
    assert os.listdir(tmp_path) == []


def test_name_with_a_null_byte() -> None:
    with pytest.raises(InvalidInputError), atomic_output("a\0b"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")
class TestPosix:
    def test_new_file_obeys_the_umask(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            with atomic_output(tmp_path / "a.bin"):
                pass
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640

    def test_replaced_file_keeps_its_permissions(self, tmp_path: Path) -> None:
        target = tmp_path / "a.bin"
        target.write_bytes(b"old")
        target.chmod(0o604)
        with atomic_output(target) as stream:
            stream.write(b"new")
        assert stat.S_IMODE(target.stat().st_mode) == 0o604

    def test_link_keeps_pointing_at_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        target, link = tmp_path / "real" / "a.bin", tmp_path / "link.bin"
        target.write_bytes(b"old")
        link.symlink_to(target)
        with atomic_output(link) as stream:
            stream.write(b"new")
        assert link.is_symlink()
        assert target.read_bytes() == b"new"

    def test_a_pipe_that_has_no_name(self) -> None:
        """What a shell's >(...) hands over, and /dev/stdout before a pipe."""
        ours, theirs = os.pipe()
        with atomic_output(f"/dev/fd/{theirs}") as stream:
            stream.write(b"through")
        os.close(theirs)
        with open(ours, "rb") as reading:
            assert reading.read() == b"through"

    def test_device_is_written_and_not_replaced(self) -> None:
        with atomic_output("/dev/null") as stream:
            stream.write(b"gone")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "models" / "mine") as folder:
        (folder / "card.json").write_text("{}")
        assert not (tmp_path / "models").exists()
    assert (tmp_path / "models" / "mine" / "card.json").read_text() == "{}"
    assert os.listdir(tmp_path) == ["models"]
    assert os.listdir(tmp_path / "models") == ["mine"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_failure_midway_leaves_no_folder(tmp_path: Path, failure: type[BaseException]) -> None:
    def half_fill() -> None:
        with atomic_folder(tmp_path / "models" / "mine") as folder:
            (folder / "card.json").write_text("{}")
            raise failure

    with pytest.raises(failure):
        half_fill()
    assert os.listdir(tmp_path) == []


def test_folder_takes_the_place_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(InvalidInputError, match="exists already"), atomic_folder(tmp_path / "mine"):
        raise AssertionError("the block must not begin")
