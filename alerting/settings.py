"""The stack's settings for alert routing, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from alerting.overrides import AlertOverride, RoutedSeverity
from alerting.times import MaintenanceSettings, MatchSettings
from model.config import Duration, Name, Part, SecretKey, form
from model.route import ReceiverKind
from model.rule import Severity

NOBODY = "nobody"


_ADDRESSES = r"^[^@\s,]+@[^@\s,]+(, ?[^@\s,]+@[^@\s,]+)*$"


_NEEDS = {"secret": ("slack", "pagerduty", "webhook"), "channel": ("slack",), "to": ("email",)}


class ReceiverSettings(Part):
    """Someone who is told.

    ``secret`` is the Pulumi config key of the webhook URL (slack, webhook) or of the integration's
    routing key (pagerduty); ``to`` the addresses of an e-mail receiver, comma-separated. ``null`` swallows. ``pages``:
    whether somebody is woken. pagerduty does, a webhook may lead anywhere and says so itself.
    """

    name: str = Field(min_length=1)
    kind: ReceiverKind
    secret: SecretKey | None = None
    channel: str | None = Field(default=None, pattern=r"^#[a-z0-9_-]+$")
    to: str | None = Field(default=None, pattern=_ADDRESSES)
    pages: bool | None = None

    @property
    def wakes(self) -> bool:
        return self.kind == "pagerduty" or bool(self.pages)

    @property
    def may_wake(self) -> bool:
        """As far as the settings tell: where a webhook leads is a secret."""
        return self.wakes or (self.kind == "webhook" and self.pages is None)

    @model_validator(mode="after")
    def _complete(self) -> ReceiverSettings:
        for field, kinds in _NEEDS.items():
            given = getattr(self, field) is not None
            if self.kind in kinds and not given:
                raise ValueError(f"receiver {self.name}: a receiver of kind {self.kind} needs `{field}`")
            if given and self.kind not in kinds:
                raise ValueError(f"receiver {self.name}: `{field}` is for kind {' or '.join(kinds)} only")
        if self.kind == "pagerduty" and self.pages is False:
            raise ValueError(f"receiver {self.name}: pagerduty pages; `pages: false` is for other kinds")
        return self


class MailSettings(Part):
    """Where e-mail is handed in. ``smarthost`` is host:port, ``secret`` the Pulumi config key of the password."""

    smarthost: str = Field(pattern=r"^[^:\s]+:\d+$")
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    username: str | None = None
    secret: SecretKey | None = None


# Names of recording rules and of the chart's alerts (etcdNoLeader) too: the error says more once the rules are known.
_OVERRIDDEN = r"(etcd)?[A-Z][A-Za-z0-9]+(:[a-z][a-z0-9_]*)?|[a-z_][a-z0-9_]*(:[a-z0-9_]+)+"
AlertName = Annotated[str, form(_OVERRIDDEN, "the name of an alert, or <name>:<objective>")]


class RouteSettings(MatchSettings):
    """Alerts of these severities, and with the labels of ``match``, go to every one of these receivers.

    A route with a ``match`` comes before those without, which with ``also`` get the alert as well.
    """

    severities: tuple[RoutedSeverity, ...] = Field(min_length=1)
    receivers: tuple[str, ...] = Field(min_length=1)
    repeat_interval: Duration | None = None
    also: bool = False

    @model_validator(mode="after")
    def _also_of_some(self) -> RouteSettings:
        if self.also and not self.match:
            raise ValueError(".also: is for a route with match; nothing comes after the others")
        return self


class AlertingSettings(Part):
    """Routing of one stack. ``default`` hears of everything that no route takes.

    ``overrides`` are by the alert's name, or ``<name>:<objective>`` for that of one objective. ``teams`` maps a team
    to components, whose alerts get the label ``team``.
    """

    receivers: tuple[ReceiverSettings, ...] = Field(min_length=1)
    routes: tuple[RouteSettings, ...] = ()
    default: str
    heartbeat: str | None = None
    mail: MailSettings | None = None
    overrides: dict[AlertName, AlertOverride] = Field(default_factory=dict)
    teams: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    maintenance: tuple[MaintenanceSettings, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> AlertingSettings:
        names = [r.name for r in self.receivers]
        problems = [f"two receivers are named {n!r}" for n in sorted({n for n in names if names.count(n) > 1})]
        used = [("default", self.default), *(("route", r) for route in self.routes for r in route.receivers)]
        used += [("heartbeat", self.heartbeat)] if self.heartbeat else []
        problems += [
            f"{what} names receiver {name!r}, which is not there; there are: {', '.join(names)}"
            for what, name in used
            if name not in names
        ]
        if NOBODY in names:
            problems.append(f"receiver name {NOBODY!r} is taken: it stands for no dead man's switch")
        problems += [*self._twice(), *self._woken_for_less()]
        if any(r.kind == "null" and r.name == self.default for r in self.receivers):
            problems.append("the default receiver swallows alerts; everything must reach someone")
        if self.mail is None and any(r.kind == "email" for r in self.receivers):
            problems.append("an email receiver needs `mail`, the server that takes e-mail in")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _twice(self) -> Iterator[str]:
        taken = [(s, str(sorted(route.match.items()))) for route in self.routes for s in route.severities]
        for severity, match in sorted({pair for pair in taken if taken.count(pair) > 1}):
            yield f"two routes take severity {severity!r}" + (f" with match {match}" if match != "[]" else "")
        owned = [component for components in self.teams.values() for component in components]
        for component in sorted({c for c in owned if owned.count(c) > 1}):
            yield f"teams: two teams have the component {component!r}"
        named = [m.name for m in self.maintenance]
        yield from (f"maintenance: two are named {name!r}" for name in sorted({n for n in named if named.count(n) > 1}))

    def _woken_for_less(self) -> Iterator[str]:
        waking = {r.name for r in self.receivers if r.wakes}
        if self.default in waking:
            yield f"default: {self.default!r} pages, and hears of everything that no route takes; only critical pages"
        if self.heartbeat in waking:
            yield f"heartbeat: {self.heartbeat!r} pages, and the heartbeat never ends; name a dead man's switch"
        for route in self.routes:
            for name in sorted(waking & set(route.receivers)) if set(route.severities) != {"critical"} else ():
                yield f"a route for {', '.join(route.severities)} names {name!r}, which pages; only critical does"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Pulumi config keys of the secrets that receivers and mail server need, once each."""
        named = [*(r.secret for r in self.receivers), self.mail.secret if self.mail else None]
        return tuple(dict.fromkeys(key for key in named if key))

    @property
    def told(self) -> frozenset[str]:
        """Names of the receivers that alerts go to; the heartbeat's, which hears of nothing else, is not among them."""
        return frozenset({self.default, *(name for route in self.routes for name in route.receivers)})


def order(severity: str) -> int:
    """0 for the worst severity."""
    return list(Severity).index(Severity(severity))
