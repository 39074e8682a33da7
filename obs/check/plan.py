"""What a plan must have beside sound expressions, and its expressions for the PromQL checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

import contracts
import systems
from dashboards.grafana import dashboard_expressions
from dashboards.links import alert_url
from model.dashboard import Dashboard, Panel
from model.rule import Alert, Signal
from obs.check.alerts import check_alerts
from obs.check.catalogue import Catalogue, catalogue
from obs.check.dashboards import check_dashboards
from obs.check.expression import Expression
from obs.check.finding import Finding
from obs.check.infer import inferred
from obs.check.inhibitions import Labelled, check_inhibitions
from obs.check.ranges import check_ranges
from obs.check.units import check_units
from obs.check.vector import Vector
from plan import Plan
from systems.base import Context


@dataclass(frozen=True)
class _Used:
    """An expression, and the subjects of the signals that it is made of."""

    expression: Expression
    signals: tuple[str, ...] = ()


def known_series(plan: Plan) -> Catalogue:
    """Every series that the stack stores, as the contracts of its enabled systems say."""
    return catalogue(plan.systems, contracts.load, _disabled(plan))


def check_plan(plan: Plan, known: Catalogue | None = None) -> list[Finding]:
    """Every finding about the expressions, signals and links of one stack; ``known`` as of :func:`known_series`."""
    known = known or known_series(plan)
    subjects = _subjects(plan)
    records = (_Used(expression) for expression in record_expressions(plan))
    alerts = list(_alerts(plan, subjects))
    used = [*alerts, *_signals(plan, subjects), *records, *_panels(plan, subjects)]
    found, shapes = inferred([u.expression for u in used], known)
    labelled = [Labelled(a, s or Vector()) for a, s in zip(plan.alerts, shapes[: len(alerts)], strict=True)]
    return [
        *_once(found, used),
        *_undeclared_signals(plan),
        *_unused_signals(plan),
        *check_dashboards(plan),
        *check_units(plan),
        *check_alerts(plan),
        *check_ranges(plan),
        *check_inhibitions(plan.routing.inhibitions, labelled),
    ]


def _once(found: Sequence[Finding], used: Sequence[_Used]) -> Iterator[Finding]:
    """Each defect once, where it is written: what is wrong with a signal is not said again of its panels."""
    signals_of = {u.expression.subject: u.signals for u in used}
    said = {(f.subject, f.check, f.message) for f in found}
    for finding in found:
        origins = signals_of.get(finding.subject, ())
        if not any((origin, finding.check, finding.message) in said for origin in origins):
            yield finding


def _disabled(plan: Plan) -> dict[str, tuple[str, ...]]:
    """System that is not enabled -> its contracts, to say which system would expose an unknown metric.

    A system that cannot be built from defaults alone is left out: its endpoints are not known.
    """
    context = Context(cluster="", namespace="", workloads=())
    enabled = {system.name for system in plan.systems}
    found = {}
    for name in set(systems.available()) - enabled:
        try:
            found[name] = systems.build(name, systems.settings_class(name)(), context).contracts
        except ValidationError:
            continue
    return found


def _link(plan: Plan, alert: Alert) -> Iterator[str]:
    """What the alert's dashboard link takes of its labels."""
    if (shown := plan.panel_showing(alert.signal)) is not None:
        yield alert_url(shown[0], 0, alert.signal)


def _signals(plan: Plan, subjects: Mapping[int, str]) -> Iterator[_Used]:
    """Signals without a recording rule; those with one are checked as that rule."""
    for _, signal in plan.signals():
        if signal.record is None:
            yield _Used(
                Expression(
                    text=str(signal.expr),
                    kind="panel",
                    subject=subjects[id(signal)],
                    where=str(signal.where),
                    allowances=signal.expr.allowances(),
                    legend=signal.legend,
                )
            )


def record_expressions(plan: Plan) -> Iterator[Expression]:
    of_ruler = set(map(id, plan.of_ruler))
    for rule in plan.records:
        yield Expression(
            text=str(rule.expr),
            kind="recording",
            subject=_of_record(rule.record),
            where=str(rule.where),
            record=rule.record,
            labels=rule.labels,
            allowances=rule.expr.allowances(),
            ruler=id(rule) in of_ruler,
        )


def _alerts(plan: Plan, subjects: Mapping[int, str]) -> Iterator[_Used]:
    of_ruler = set(map(id, plan.of_ruler))
    for alert in plan.alerts:
        yield _Used(
            Expression(
                text=str(alert.expr),
                kind="alert",
                subject=f"alert {alert.name}",
                where=str(alert.where),
                labels=alert.own_labels,
                templates=(alert.summary, alert.description, *_link(plan, alert)),
                allowances=alert.expr.allowances(),
                ruler=id(alert) in of_ruler,
            ),
            _subjects_of((alert.signal,), subjects),
        )


def _panels(plan: Plan, subjects: Mapping[int, str]) -> Iterator[_Used]:
    for dashboard in plan.dashboards:
        for source, text, legend in dashboard_expressions(dashboard):
            yield (
                _panel(dashboard, source, text, legend, subjects)
                if isinstance(source, Panel)
                else _Used(
                    Expression(
                        text=f"label_values({text}, {legend})",
                        kind="variable",
                        subject=f"dashboard {dashboard.uid}, ${source.name}",
                        where=str(source.where),
                    )
                )
            )


def _panel(dashboard: Dashboard, panel: Panel, text: str, legend: str, subjects: Mapping[int, str]) -> _Used:
    return _Used(
        Expression(
            text=text,
            kind="panel",
            subject=f"dashboard {dashboard.uid}, panel {panel.title}",
            where=str(panel.where),
            allowances={name: why for s in panel.signals for name, why in s.query.allowances().items()},
            legend=legend,
        ),
        _subjects_of(panel.signals, subjects),
    )


def _subjects(plan: Plan) -> dict[int, str]:
    """Identity of a signal -> the subject under which its expression is checked."""
    return {
        id(signal): _of_record(signal.record) if signal.record else f"signal {owner}.{signal.name}"
        for owner, signal in plan.signals()
    }


def _of_record(record: str) -> str:
    return f"recording rule {record}"


def _subjects_of(signals: Iterable[Signal], subjects: Mapping[int, str]) -> tuple[str, ...]:
    """Without those of signals that no system lists; they are findings of their own."""
    return tuple(subjects[id(signal)] for signal in signals if id(signal) in subjects)


def _undeclared_signals(plan: Plan) -> Iterator[Finding]:
    """A recording rule is made of a declared signal only, so a forgotten one shows nothing."""
    declared = _subjects(plan)
    shown = [signal for dashboard in plan.dashboards for panel in dashboard.panels for signal in panel.signals]
    for signal in {id(s): s for s in (*shown, *(alert.signal for alert in plan.alerts))}.values():
        if id(signal) not in declared:
            message = "is shown or alerted on, but its system does not list it in `signals`"
            yield Finding("signal/undeclared", f"signal {signal.name}", str(signal.where), message)


def _unused_signals(plan: Plan) -> Iterator[Finding]:
    for owner, signal in plan.signals():
        if signal.record is None and plan.panel_showing(signal) is None and not _alerting(plan, signal):
            message = "neither panel nor alert nor recording rule uses it"
            yield Finding("signal/unused", f"signal {owner}.{signal.name}", str(signal.where), message)


def _alerting(plan: Plan, signal: Signal) -> bool:
    return any(alert.signal is signal for alert in plan.alerts)
