"""A result as JSON, Markdown and HTML."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from latentpress.errors import InvalidInputError
from latentpress.studies import STUDIES, Request, Result, Table, get_study, to_html, to_markdown, write_result

RESULT = Result(
    "made-up",
    "A <title> & more",
    ["One paragraph."],
    [Table("A caption", ("a", "b|c"), [("1", "<script>alert(1)</script>"), ("2", "")])],
    ["First note.", "Second note."],
    {"date": "2026-01-01", "rows": [1, 2]},
)


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_markdown() -> None:
    text = to_markdown(RESULT)
    assert text.startswith(
        "# A <title> & more\n\nOne paragraph.\n\n**A caption**\n\n| a | b\\|c |\n| --- | --- |\n| 1 |"
    )
    assert "1. First note.\n2. Second note." in text
    assert text.endswith("Written by latentpress reproduce made-up, 2026-01-01.\n")


def test_html_is_whole_and_escaped() -> None:
    page = Cells()
    page.feed(to_html(RESULT))
    assert "script" not in page.tags
    assert not {"img", "link", "iframe"} & set(page.tags)
    assert page.tags.count("td") == 4
    assert page.tags.count("li") == 2
    assert "<script>alert(1)</script>" in page.text


def test_files(tmp_path: Path) -> None:
    paths = write_result(RESULT, tmp_path / "new")
    assert [path.name for path in paths] == ["made-up.json", "made-up.md", "made-up.html"]
    assert json.loads(paths[0].read_text())["rows"] == [1, 2]
    assert paths[1].read_text() == to_markdown(RESULT)


def test_names_and_folders_are_checked(tmp_path: Path) -> None:
    assert list(STUDIES) == [study.name for study in STUDIES.values()]
    with pytest.raises(InvalidInputError, match="there are: s0-table1"):
        get_study("nothing")
    with pytest.raises(InvalidInputError, match="needs --data"):
        get_study("s1-table1").run(Request())
    with pytest.raises(InvalidInputError, match="takes no --test"):
        get_study("s1-table1").run(Request([tmp_path], tmp_path))
    with pytest.raises(InvalidInputError, match="needs --test"):
        get_study("dbm").run(Request([tmp_path]))
