"""A codec of our own is looked at without a search: that takes seconds even for one pixel."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from latentpress.bench.coders.own import OwnCoder
from latentpress.errors import MissingExtraError, UnsupportedError
from latentpress.systems.hyperprior import smallest


def test_nothing_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a search")

    monkeypatch.setattr(smallest, "refine", refuse)
    searching = OwnCoder("searching", codec="hyperprior", settings={"effort": 5})
    searching.check()
    with pytest.raises(UnsupportedError, match="a search"):
        searching.encode(np.zeros((8, 8, 3), np.uint8), 50)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="effort above 1"):
        searching.check()
