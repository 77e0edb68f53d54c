"""Experiments of the papers that this project started from, done again by one command each: ``latentpress reproduce``.

A study measures, sets what was printed beside what it measured, and says in its notes what the printed figures can and
cannot mean. It writes one result as JSON, Markdown and a page of HTML.
"""

from latentpress.studies.base import Request, Result, Table
from latentpress.studies.registry import STUDIES, Study, get_study
from latentpress.studies.writing import to_html, to_markdown, write_result

__all__ = [
    "STUDIES",
    "Request",
    "Result",
    "Study",
    "Table",
    "get_study",
    "to_html",
    "to_markdown",
    "write_result",
]
