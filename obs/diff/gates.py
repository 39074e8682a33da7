"""--fail-on: which reports stop a pipeline."""

from __future__ import annotations

from model.risks import RISKS
from obs.diff.entry import Level
from obs.diff.report.model import Report
from obs.errors import ObsError

FORM = "risk=low, risk=medium, risk=high, change, or the id of a risk such as finding, restart, secret"


class GateError(ObsError):
    """A gate that does not exist."""


def checked(gates: list[str]) -> list[str]:
    """The gates. Raises GateError for one that there is not: it would never stop anything."""
    levels = [f"risk={level}" for level in Level if level]
    for gate in gates:
        if gate not in (*levels, "change", *RISKS):
            raise GateError(f"--fail-on {gate}: must be {FORM}; the ids are {', '.join(RISKS)}")
    return gates


def stopped(report: Report, gates: list[str]) -> list[str]:
    """The gates that the report does not pass. What the settings allow stops nothing but ``change``."""
    ids = {entry.topic for entry in report.risks if not entry.approved}
    return [gate for gate in gates if _stops(gate, report, ids)]


def _stops(gate: str, report: Report, ids: set[str]) -> bool:
    if gate == "change":
        return not report.empty
    name, equals, level = gate.partition("=")
    return report.level >= Level[level.upper()] if equals else name in ids
