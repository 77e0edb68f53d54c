"""Write `models/elsewhere.json`: the models of the zoo, so that a file whose model is missing can say where it is."""

from __future__ import annotations

import json
from pathlib import Path

from latentpress.models import ModelPackage
from latentpress.models.package import CARD
from latentpress.models.shelf import ELSEWHERE

ROOT = Path(__file__).parents[1]
ZOO = ROOT / "zoo/src/latentpress_zoo"


def listed() -> str:
    """The list as it should be: id, name and distribution of every model of the zoo."""
    packages = sorted((ModelPackage(card.parent) for card in ZOO.glob(f"*/{CARD}")), key=lambda one: one.name)
    rows = {one.id.hex(): {"name": one.name, "distribution": "latentpress-zoo"} for one in packages}
    return json.dumps(rows, indent=1) + "\n"


if __name__ == "__main__":
    (ROOT / "src/latentpress/models" / ELSEWHERE).write_text(listed(), encoding="utf-8")
