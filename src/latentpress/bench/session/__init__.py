"""Subjective tests: a page on which people judge pictures, and what their answers say."""

from latentpress.bench.session.answers import Report, read_answers
from latentpress.bench.session.making import KINDS, make_session

__all__ = ["KINDS", "Report", "make_session", "read_answers"]
