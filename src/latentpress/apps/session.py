"""``latentpress session`` and ``latentpress session-scores``: subjective tests."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from latentpress.apps.texts import plain
from latentpress.errors import InvalidInputError

__all__ = ["session", "session_scores"]


def session(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of lossless pictures.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the session.")],
    codecs: Annotated[str, typer.Option(metavar="A,B,...", help="Coders to judge, as of latentpress bench.")],
    bpp: Annotated[
        str, typer.Option(metavar="R,R,...", help="Rates at which they are judged, in bits a pixel.")
    ] = "0.25",
    kind: Annotated[
        str, typer.Option(metavar="pairs|dsis", help="Paired comparison, or an impairment scale.")
    ] = "pairs",
    seed: Annotated[int, typer.Option(min=0, help="Of the pictures' names.")] = 0,
) -> None:
    """Make a page on which people judge codecs: a folder to open from the disk or to put on a web server.

    Observers see no names, everybody in another order, and save their answers as CSV. key.json says what was what.

    Example: latentpress session --data photos --codecs hyperprior,avif,jpeg --bpp 0.15,0.3 -o test
    """
    from latentpress.bench.coders import get_coder
    from latentpress.bench.pictures import find_pictures
    from latentpress.bench.session import make_session

    try:
        rates = [float(rate) for rate in bpp.split(",")]
    except ValueError:
        raise InvalidInputError(f"--bpp takes numbers with commas between them, not {bpp!r}") from None
    coders = [get_coder(id.strip()) for id in codecs.split(",") if id.strip()]
    count = make_session(find_pictures(data), coders, rates, out, kind=kind, seed=seed)
    print(plain(f"{out}: {count} questions; give observers all but key.json, and open index.html"))


def session_scores(
    session: Annotated[Path, typer.Argument(metavar="SESSION_DIR", help="Folder that latentpress session made.")],
    answers: Annotated[list[Path], typer.Argument(metavar="ANSWERS.csv...", help="What observers saved.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What observers said: mean opinion scores, or a Bradley-Terry scale of pairs, with 95 % confidence.

    Scores are screened as ITU-R BT.500 says, and who was left out is named.

    Example: latentpress session-scores test answers-1.csv answers-2.csv
    """
    from latentpress.bench.session import read_answers

    report = read_answers(session, answers)
    if json:
        print(json_.dumps(report.record(), indent=2))
        return
    scale = "worth" if report.kind == "pairs" else "mos"
    print(f"{'bpp':>6}  {scale:>6}  {'±':>5}  answers  codec")
    for row in report.rows:
        print(
            plain(f"{row['rate']:6.3g}  {row[scale]:6.2f}  {row['interval']:5.2f}  {row['answers']:7}  {row['codec']}")
        )
    out = f"; left out by screening: {', '.join(report.rejected)}" if report.rejected else ""
    print(plain(f"{report.answers} answers of {len(report.observers)} observers{out}"))
