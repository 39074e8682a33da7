"""What our exporters share: they scan in the background, answer from a cache, and say how they are.

An exporter brings a :class:`Source` (what there is, and how one part of it is read), the table of its metrics, and its
settings; :func:`run` does the rest.
"""

from scanning.failure import Failure, Gone, Reason
from scanning.metrics import Family, Sample, family_table
from scanning.process import Program, run
from scanning.settings import ScanSettings
from scanning.source import Deadline, Listing, Source

__all__ = [
    "Deadline",
    "Failure",
    "Family",
    "Gone",
    "Listing",
    "Program",
    "Reason",
    "Sample",
    "ScanSettings",
    "Source",
    "family_table",
    "run",
]
