"""Work on whole folders of pictures, in several processes or on a cluster, to be stopped and taken up again."""

from __future__ import annotations

from latentpress.jobs.cluster import DaskCluster
from latentpress.jobs.executor import Executor, InProcess
from latentpress.jobs.folder import FolderJob, Outcome, Plan, Summary
from latentpress.jobs.local import LocalProcesses
from latentpress.jobs.work import Compress, Decompress, Restore, Standardise, Work
from latentpress.processes import Lost

__all__ = [
    "Compress",
    "DaskCluster",
    "Decompress",
    "Executor",
    "FolderJob",
    "InProcess",
    "LocalProcesses",
    "Lost",
    "Outcome",
    "Plan",
    "Restore",
    "Standardise",
    "Summary",
    "Work",
]
