"""``python -m latentpress``: the command line."""

from __future__ import annotations

from latentpress.apps.cli import main

if __name__ == "__main__":
    main()
