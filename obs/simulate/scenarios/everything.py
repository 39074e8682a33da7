"""When nothing answers any more."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from obs.simulate.exporters import NAMES
from obs.simulate.scenario import Down, Scenario


def _silences() -> tuple[str, ...]:
    """The alerts of every scenario in which exporters only fall silent."""
    package = __name__.rpartition(".")[0]
    others = [m.name for m in iter_modules(import_module(package).__path__) if m.name != __name__.rpartition(".")[2]]
    scenarios = [s for name in sorted(others) for s in import_module(f"{package}.{name}").SCENARIOS]
    silent = (s for s in scenarios if all(isinstance(change, Down) for change in s.changes))
    return tuple(sorted({alert for scenario in silent for alert in scenario.alerts}))


SCENARIOS = (
    Scenario(
        name="everything-down",
        title="Nothing answers",
        description="No exporter of any system can be reached: only the silence tells.",
        system="kubernetes",
        changes=tuple(map(Down, NAMES)),
        alerts=tuple(sorted((*_silences(), "DataOpsPlatformDegraded", "DataOpsPlatformDown"))),
        within="18m",  # two wait for 15 minutes, all others for less
    ),
    Scenario(
        name="platform-degraded",
        title="Two systems of the platform cannot work",
        description="The network to Argo CD's controller and to Trino's coordinator is cut.",
        system="argocd",
        changes=(Down("argocd-application-controller"), Down("trino-coordinator")),
        alerts=("ArgoCDControllerSilent", "DataOpsPlatformDegraded", "TargetDown", "TrinoCoordinatorSilent"),
        within="20m",
    ),
)
