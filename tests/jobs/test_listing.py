"""Finding the files of a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from latentpress.jobs.listing import Entry, entry_of, is_leftover, list_folder


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_files_by_ending_in_order(tmp_path: Path) -> None:
    make(tmp_path, "b.png", "a/z.PNG", "a/deep/er/x.jpg", "notes.txt", ".hidden.png", ".thumbnails/t.png", "a/._z.png")
    (tmp_path / "folder.png").mkdir()
    listing = list_folder(tmp_path, (".png", ".jpg"))
    assert list(listing.files) == ["a/deep/er/x.jpg", "a/z.PNG", "b.png"]
    assert listing.files["b.png"] == entry_of(tmp_path / "b.png")
    assert listing.files["b.png"].bytes == 5
    assert (listing.ignored, listing.problems) == (1, {})


def test_a_folder_of_results_inside_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "out/a.png")
    assert list(list_folder(tmp_path, (".png",), tmp_path / "out").files) == ["a.png"]


def test_links(tmp_path: Path) -> None:
    make(tmp_path, "in/a.png", "in/sub/b.png", "else/c.png")
    root = tmp_path / "in"
    (root / "link.png").symlink_to(root / "a.png")
    (root / "circle").symlink_to(root)
    (root / "aaa").symlink_to(root / "sub")
    (root / "other").symlink_to(tmp_path / "else")
    (root / "lost.png").symlink_to(tmp_path / "nothing")
    (root / "self.png").symlink_to(root / "self.png")
    os.mkfifo(root / "pipe.png")
    (root / "to_pipe.png").symlink_to(root / "pipe.png")
    files = list_folder(root, (".png",)).files
    assert list(files) == ["a.png", "link.png", "lost.png", "other/c.png", "self.png", "sub/b.png"]
    assert files["lost.png"] == files["self.png"] == Entry(0, None)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "closed/b.png")
    (tmp_path / "closed").chmod(0)
    try:
        listing = list_folder(tmp_path, (".png",))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert list(listing.files) == ["a.png"]
    assert list(listing.problems) == ["closed"]


def test_leftovers_are_those_of_atomic_outputs() -> None:
    assert is_leftover("sub/.a.lpx.0123456789ab.tmp")
    assert not any(map(is_leftover, ["a.lpx.0123456789ab.tmp", ".a.lpx.tmp", ".a.0123456789ab.tmp.lpx"]))
