"""What every system module starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from model.config import Part
from model.dashboard import Panel, PanelKind
from model.expr import Expr, Matcher
from model.promql import absent, constant, eq, matching, metric
from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.access import Credential, accesses

__site_transparent__ = True  # a finding points at the system that calls, not at this file


class SystemSettings(Part):
    """A system's part of the stack's settings.

    ``needs`` are settings of the stack, with the reason, without which the system would watch nothing: a path such
    as ``exporters.redis`` -> why.
    """

    needs: ClassVar[Mapping[str, str]] = {}

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Pulumi config keys of the secrets that it names."""
        return tuple(a.secret for a in accesses(self) if isinstance(a, Credential) and a.secret)

    @property
    def external_secrets(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(name, keys) of the Secrets of the stack's namespace that must be there already."""
        return (item for access in accesses(self) for item in access.existing.items())


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a system needs to know of the stack.

    ``workloads`` are regular expressions of the namespaces in which the platform's workloads run,
    ``namespace`` is the stack's own, ``enabled`` the names of its systems. The rest is for the parts of the stack that
    watch each other: its size, the mode of each part (None: it has none), and the retention classes of Thanos.
    """

    cluster: str
    namespace: str
    workloads: tuple[str, ...]
    enabled: frozenset[str] = frozenset()
    size: Literal["small", "medium", "large"] = "small"
    thanos_mode: Literal["sidecar", "receive"] | None = None
    logs_mode: Literal["monolithic", "distributed"] | None = None
    traces_mode: Literal["single", "distributed"] | None = None
    retention_classes: tuple[str, ...] = ()

    @property
    def in_workloads(self) -> Matcher:
        """The one matcher for the namespaces in which the platform's workloads run."""
        return matching("namespace", "|".join(self.workloads))

    @property
    def in_volumes(self) -> Matcher:
        """Where volumes matter: the workloads', and those of Prometheus, Alertmanager and Grafana."""
        return matching("namespace", "|".join((*self.workloads, self.namespace)))


def silence(
    context: Context,
    *,
    job: str,
    title: str,
    name: str,
    component: str,
    severity: Severity,
    hides: str,
    only: tuple[Matcher, ...] = (),
) -> tuple[Signal, Alert]:
    """The companion of alerts that fall silent with their source: no target of ``job`` is up.

    ``hides`` says in words which alerts cannot fire meanwhile; ``only`` narrows a job that has other targets too.
    """
    signal = Signal(
        name=f"{job.replace('-', '_')}_silent",
        title=f"{title} silent",
        description=f"1 while Prometheus reaches no target of job {job}.",
        good="0: the source is scraped.",
        unit="short",
        # A zero to show: "no data" would look the same as a broken panel.
        expr=absent(metric("up", eq("job", job), *only) > 0) | constant(0),
        legend=title,
        scope=(),
    )
    alert = silence_alert(
        context, signal, name=name, component=component, severity=severity, title=title, job=job, hides=hides
    )
    return signal, alert


def silence_alert(
    context: Context,
    signal: Signal,
    *,
    name: str,
    component: str,
    severity: Severity,
    title: str,
    job: str,
    hides: str,
) -> Alert:
    """The alert on a signal of silence; ``title`` and ``job`` may be templates."""
    for_, said = (CONFIRMED, "30 seconds") if severity is Severity.CRITICAL else ("3m", "3 minutes")
    return above(
        name,
        signal,
        0,
        for_=for_,
        severity=severity,
        component=component,
        summary=f"{title} delivers no metrics",
        description=f"No target of job {job} has been up for {said}. Until it is back, {hides}.",
        # absent() has no labels of its own; without it the overview of a cluster would not count the alert.
        labels={"cluster": context.cluster},
    )


_ALL, _SEVERAL, _CHANCE = 0.99, 3, 4.5
"""Shares of counters that extrapolation rounds; and how many failures are no accident where nothing
goes well, and where most does: five, or a little less by extrapolation."""


def enough(ended: Signal, least: float, failed: Signal) -> Expr:
    """Whether a share ``failed`` says something: five of ``least`` or more that ``ended``, or three where all failed.

    Where one in fifty fails on a good day, three of thirty do every few days: `make bench-alerts` shows it. Without the
    second a small workload that only fails would never be told.
    """
    many = (ended.query >= least) & (ended.query * failed.query > _CHANCE)
    return many | ((failed.query >= _ALL) & (ended.query >= _SEVERAL))


def above(
    name: str,
    signal: Signal,
    threshold: float,
    *,
    for_: str,
    severity: Severity,
    component: str,
    summary: str,
    description: str,
    guard: Expr | None = None,
    condition: str | None = None,
    labels: Mapping[str, str] | None = None,
    at_once: str = "",
) -> Alert:
    """An alert on ``signal > threshold``, as most are.

    ``condition`` joins tiers that watch different signals of one condition, so that the worse silences the
    milder; without it the signal's name does.
    """
    return Alert(
        name=name,
        signal=signal,
        op=">",
        threshold=threshold,
        for_=for_,
        severity=severity,
        component=component,
        summary=summary,
        description=description,
        guard=guard,
        labels={**({"signal": condition} if condition else {}), **(labels or {})},
        at_once=at_once,
    )


def panels(
    signals: Mapping[str, Signal], *rows: tuple[PanelKind, *tuple[str, ...]], may_lack: tuple[str, ...] = ()
) -> tuple[Panel, ...]:
    """Panels from rows of (kind, names of the signals that it shows); the first signal's title is the panel's.

    The row of one of ``may_lack``, signals that not every stack has, is left out with it.
    """
    return tuple(
        Panel(title=signals[names[0]].title, kind=kind, signals=tuple(signals[name] for name in names))
        for kind, *names in rows
        if names[0] not in may_lack or names[0] in signals
    )
