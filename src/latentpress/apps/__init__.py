"""Programs for people: the command line."""

from __future__ import annotations
