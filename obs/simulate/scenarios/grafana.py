"""What goes wrong with Grafana."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Step

SCENARIOS = (
    Scenario(
        name="datasource-fails",
        title="A data source fails",
        description="The querier of metrics answers with errors.",
        system="grafana",
        changes=(
            Change("grafana_datasource_request_total", Step(30, every="30s"), {"datasource": "Metrics", "code": "502"}),
        ),
        alerts=("GrafanaDatasourceFailing",),
        within="18m",
    ),
    Scenario(
        name="grafana-down",
        title="Grafana does not answer",
        description="Nobody sees dashboards.",
        system="grafana",
        changes=(Down("grafana"),),
        alerts=("GrafanaSilent",),
        within="6m",
    ),
)
