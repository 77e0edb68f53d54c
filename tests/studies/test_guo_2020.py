"""The study of drawn scans, on one small scan."""

from __future__ import annotations

import importlib.util

import pytest

pytest.importorskip("scipy")
if not importlib.util.find_spec("latentpress_zoo"):
    pytest.skip("the model of retina is in the zoo", allow_module_level=True)

from latentpress.studies import Request, guo_2020, to_markdown
from latentpress.studies.scans import drawn_scan


def test_the_codec_of_scans_keeps_more_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guo_2020, "FOLDS", (60,))
    monkeypatch.setattr(guo_2020, "drawn_scan", lambda number: drawn_scan(number, 248, 320))
    result = guo_2020.run(Request(), 1)
    means = {name: found["60"] for name, found in result.data["means"].items()}
    assert 54 < means["retina"][0] < 66
    filtered = means["a filter, then hyperprior"][1]
    assert means["retina"][1] > filtered > means["hyperprior"][1] + 0.01 > means["JPEG"][1] + 0.02
    assert means["retina"][3] < means["hyperprior"][3]  # which keeps some of the speckle
    assert len(result.tables[0].rows) == 5
    assert "40th" in to_markdown(result)
