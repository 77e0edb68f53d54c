"""The page itself: one HTML file of template, style, scripts, numbers and pictures, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from latentpress.bench.report.embedding import Embedded

__all__ = ["asset", "render", "script_hash"]

_STYLES = ("slider.css", "report.css")
_SCRIPTS = ("slider.js", "plot.js", "tables.js", "pictures.js", "report.js")
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def asset(name: str) -> str:
    """The text of a file of the page: ``slider.js`` and ``slider.css`` stand on their own and serve other pages too."""
    return (files("latentpress.bench.report") / name).read_text(encoding="utf-8")


def render(title: str, data: Mapping[str, Any], images: Mapping[str, Embedded]) -> bytes:
    """Assemble the page.

    title: plain text. data: JSON-able numbers and names; nothing in it is read as HTML. images: by the key under which
    ``data`` names them.

    The page carries a content security policy: it loads nothing, and runs no script but its own, named by their hashes.
    """
    style = "\n".join(asset(name) for name in _STYLES)
    script = '"use strict";\n' + "\n".join(asset(name) for name in _SCRIPTS)
    policy = (
        f"default-src 'none'; script-src '{script_hash(script)}'; style-src '{script_hash(style)}'; img-src data: blob:"
    )
    slots = {
        "title": html.escape(title),
        "policy": policy,
        "style": style,
        "script": script,
        "data": _json(data),
        "images": "\n".join(_image(key, image) for key, image in images.items()),
    }
    # One pass over the template: braces in what is put in stay what they are.
    return _SLOT.sub(lambda match: slots[match[1]], asset("template.html")).encode()


def script_hash(text: str) -> str:
    """The source expression by which a content security policy allows an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the element it stands in, nor be taken for a comment."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _image(key: str, image: Embedded) -> str:
    """A picture as an element that browsers keep as text."""
    text = base64.b64encode(image.data).decode()
    return f'<script type="text/plain" id="{html.escape(key)}" data-type="{image.mime}">{text}</script>'
