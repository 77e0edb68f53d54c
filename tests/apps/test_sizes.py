"""Sizes as people write them."""

from __future__ import annotations

import pytest

from latentpress.apps.sizes import parse_size, shown_size
from latentpress.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("150KB", 150_000),
        ("150k", 150_000),
        ("1.5 MB", 1_500_000),
        ("2MiB", 2 * 2**20),
        ("90000", 90_000),
        ("7b", 7),
        (".5g", 5 * 10**8),
    ],
)
def test_sizes(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "KB", "-5", "0", "5 TB", "1,5MB", "nan", "1e6", "0.1b"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="150KB"):
        parse_size(text)


def test_shown() -> None:
    assert [shown_size(n) for n in (7, 1500, 2_345_678, 5e12)] == ["7 bytes", "1.50 KB", "2.35 MB", "5,000.00 GB"]
