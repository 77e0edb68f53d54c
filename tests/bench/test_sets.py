"""Folders that are, or are not, the set that a result would be said to be on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from latentpress.bench.pictures import find_pictures
from latentpress.bench.sets import SETS, check_set
from latentpress.errors import InvalidInputError


def test_a_folder_is_checked_by_number_and_size(tmp_path: Path) -> None:
    for number in range(24):
        size = (512, 768) if number % 5 == 0 else (768, 512)
        Image.new("L", size).save(tmp_path / f"kodim{number:02}.png")
    check_set("kodak", find_pictures(tmp_path))
    check_set("imagenet", find_pictures(tmp_path))  # of which any part will do
    with pytest.raises(InvalidInputError, match="mcmaster has 18 pictures, the folder 24"):
        check_set("mcmaster", find_pictures(tmp_path))
    Image.new("L", (762, 512)).save(tmp_path / "kodim03.png")  # as one of the surveys prints it
    with pytest.raises(InvalidInputError, match=r"pictures of kodak are 768 x 512, but not kodim03 \(762 x 512\)$"):
        check_set("kodak", find_pictures(tmp_path))
    (tmp_path / "kodim03.png").unlink()
    with pytest.raises(InvalidInputError, match="kodak has 24 pictures, the folder 23"):
        check_set("kodak", find_pictures(tmp_path))
    with pytest.raises(InvalidInputError, match="there is no set 'codak'; there are: kodak, "):
        check_set("codak", {})


def test_generators_are_where_the_sets_say() -> None:
    root, package = Path(__file__).parents[2], Path(__file__).parents[2] / "src" / "latentpress"
    for one in SETS.values():
        if "(" in one.generator:
            place = one.generator.rpartition("(")[2].rstrip(")")
            assert (root / place).exists() or (package / place).exists(), place
