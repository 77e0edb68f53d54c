"""Amounts as people write them, and limits that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from latentpress.apps.serve.limits import ServiceLimits, parse_amount
from latentpress.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500000", 500_000), ("32MB", 32_000_000), ("32 mb", 32_000_000), ("1.5MiB", 1_572_864), ("16MiP", 2**24),
        ("24MP", 24_000_000), ("500k", 500_000), ("2G", 2 * 10**9), ("7b", 7),
    ],
)  # fmt: skip
def test_amounts(text: str, value: int) -> None:
    assert parse_amount(text) == value


@pytest.mark.parametrize("text", ["", "MB", "-5MB", "0", "0.1", "1e6", "5 TB", "five", "1.2.3", "٣"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_amount(text)


@pytest.mark.parametrize(
    "limits",
    [{"max_upload": 0}, {"max_pixels": -1}, {"timeout": 0}, {"timeout": float("nan")}, {"workers": 0}, {"queue": -1}],
)
def test_limits_that_make_no_sense(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(limits)).replace("_", "-")):
        ServiceLimits(**limits)
