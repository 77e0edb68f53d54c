"""Table 2 of the survey S3 (Wang and Wang 2023): its picture sets, what is known of them, and what stands for them."""

from __future__ import annotations

from latentpress.bench.machine import now, versions
from latentpress.bench.sets import SETS
from latentpress.studies.base import Request, Result, Table

__all__ = ["ROWS", "run"]

ROWS = (
    ("ImageNet", "over 15 million pictures, 20,000 kinds", "imagenet", "22,000 kinds in full, 1,000 in the usual part"),
    ("Yahoo Flickr", "600 million photographs", "", "YFCC100M has 99 million, and 0.8 million videos"),
    ("Open Images V4", "9 million pictures", "open-images", ""),
    ("DIV2K", "1,000 pictures: 800, 100, 100", "div2k-valid", ""),
    ("CityScapes", "5,000 pictures, 500 and 1,525", "cityscapes", "2,975 to train on are left out of the row"),
    ("Place365", "1.8 million pictures of 365 scenes", "", "Places365"),
    ("COCO", "over 330,000 pictures, 80 categories", "coco", ""),
    ("Cifar-10", "50,000 samples of 32x32", "cifar-10", "and 10,000 to test on"),
    ("LSUN", "10 scenes, about 1 million pictures", "lsun", "about 1 million for each of its scenes"),
    ("ImageNet (again)", "the same row", "imagenet", "the table has it twice"),
    ("Kodak (in the text)", "762x512", "kodak", "24 pictures of 768x512: a misprint"),
)
"""Name and facts as printed, the set's name here, and what differs."""


def run(request: Request) -> Result:
    """Make the table: nothing is measured."""
    cells = []
    for label, printed, name, remark in ROWS:
        known = SETS.get(name)
        here = known.generator if known and known.generator else "a folder of it" if known else "-"
        cells.append((label, printed, remark or "-", f"--set {name}" if name else "-", here))
    columns = ("set", "as printed", "what differs", "checked by", "here")
    intro = [
        "Table 2 of Wang and Wang 2023 lists the picture sets that networks are trained on, and the text those that "
        "they are tested on. None can be fetched by this package. A folder of one is checked by number and sizes "
        "(latentpress bench --set NAME); where a set of its kind can be drawn, the last column says by what.",
    ]
    notes = ["Facts beside the printed ones are those of the sets' own pages, from memory where no copy was at hand."]
    data = {"study": "s3-table2", "date": now(), "versions": versions(), "rows": [list(row) for row in ROWS]}
    table = Table("Sets, as printed and as known", columns, cells)
    return Result("s3-table2", "Table 2 of the survey S3: picture sets", intro, [table], notes, data)
