"""Names of results: one for each source, whatever the sources are called."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentpress.jobs.names import output_names


@pytest.mark.parametrize(
    ("names", "ending", "results"),
    [
        (["a.png", "sub/b.JPG"], ".lpx", ["a.lpx", "sub/b.lpx"]),
        (["a.png", "a.jpg", "b.png"], ".lpx", ["a.png.lpx", "a.jpg.lpx", "b.lpx"]),
        (["a.png", "sub/a.jpg"], ".lpx", ["a.lpx", "sub/a.lpx"]),
        (["a.png", "A.jpg"], ".lpx", ["a.png.lpx", "A.jpg.lpx"]),
        (["v1.2.png", "v1.3.png"], ".lpx", ["v1.2.lpx", "v1.3.lpx"]),
        (["a.png.lpx", "a.jpg.lpx"], ".png", ["a.png", "a.jpg.png"]),
        (["a.png.lpx", "a.lpx"], ".png", ["a.png.lpx.png", "a.lpx.png"]),
        (["a.b.png", "a.b.jpg", "a.b.png.tif"], ".png", ["a.b.png.png", "a.b.jpg.png", "a.b.png.tif.png"]),
        ([], ".png", []),
    ],
)
def test_names(names: list[str], ending: str, results: list[str]) -> None:
    assert output_names(names, ending) == dict(zip(names, results, strict=True))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.from_regex(r"(s/)?[ab](\.png|\.jpg|\.lpx){1,3}", fullmatch=True), unique=True, max_size=12),
    st.sampled_from([".png", ".lpx"]),
)
def test_no_two_sources_share_a_result(names: list[str], ending: str) -> None:
    results = output_names(names, ending)
    assert list(results) == names
    assert len(set(results.values())) == len(names)
    assert all(result.endswith(ending) for result in results.values())
