"""``latentpress serve``: the codecs as an HTTP service with a page to try them.

limits.py    how much the service takes on
inputs.py    what a request hands over
tasks.py     what a request asks for, as functions of it; they run in worker processes
previews.py  a picture coded by any coder and decoded again
offers.py    the coders under plain names, in groups
search.py    the quality that gives a wanted size
worker.py    the process that runs tasks
pool.py      a bounded number of such processes, each replaced when it dies or takes too long
uploads.py   the body of a request, read within limits and kept in memory
forms.py     the files in a multipart form
schemas.py   the JSON of answers and the OpenAPI description of bodies
answers.py   errors as one line of JSON; headers that every answer carries
app.py       the routes
page/        the page: HTML, CSS and JavaScript without anything from elsewhere

Importing this package needs no extra; the command and `app` do.
"""

from __future__ import annotations

from latentpress.apps.serve.command import serve

__all__ = ["serve"]
