"""The shipped model."""

from ...codecs.conftest import codec as codec
