"""The shipped model."""

from __future__ import annotations

import pytest

from latentpress.systems.hyperprior.codec import HyperpriorCodec


@pytest.fixture(scope="session")
def codec() -> HyperpriorCodec:
    return HyperpriorCodec(threads=1)
