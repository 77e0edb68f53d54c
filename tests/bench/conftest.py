"""Every coder, one after another; those whose library is not installed are skipped with what to install."""

from __future__ import annotations

import functools

import pytest

from latentpress.bench.coders import Coder, coder_ids, get_coder
from latentpress.errors import LatentPressError


@functools.cache
def usable(id: str) -> Coder | str:
    """The coder, or why it cannot be used here."""
    try:
        return get_coder(id)
    except LatentPressError as error:
        return str(error)


@pytest.fixture(params=coder_ids())
def coder(request: pytest.FixtureRequest) -> Coder:
    """A coder that can be used here."""
    found = usable(request.param)
    if isinstance(found, str):
        pytest.skip(found)
    return found
