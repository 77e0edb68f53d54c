"""The HTML report: one file that shows curves, tables and pictures, and asks no server for anything.

    from latentpress.bench.report import write_report

    write_report(run, summary, find_pictures("kodak"), "report.html")

`write_comparison` makes the same page for versions of one picture. The page is written by hand: ``template.html``,
two styles and a few scripts stand beside this file. ``slider.js`` with ``slider.css`` is a part of its own, which other
pages take through `asset`.
"""

from __future__ import annotations

from latentpress.bench.report.matching import Coded, Target, encode_near, encode_to_rate, measure_coded
from latentpress.bench.report.page import asset, script_hash
from latentpress.bench.report.writing import TARGETS, Entry, write_comparison, write_report

__all__ = [
    "TARGETS",
    "Coded",
    "Entry",
    "Target",
    "asset",
    "encode_near",
    "encode_to_rate",
    "measure_coded",
    "script_hash",
    "write_comparison",
    "write_report",
]
