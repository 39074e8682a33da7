"""Alertmanager's configuration file from the routing tree of the model. Secrets are paths, never values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import yaml
from pydantic import BaseModel, ValidationError

from components.alertmanager_models import (
    Config,
    EmailConfig,
    Global,
    InhibitRule,
    PagerdutyConfig,
    PagerdutyLink,
    Receiver,
    Route,
    SlackConfig,
    TimeInterval,
    TimeRange,
    TimeSpan,
    WebhookConfig,
)
from model import route as tree_model
from model.expr import Matcher
from model.problems import describe

TITLE = (
    '{{ if eq .Status "resolved" }}✅ RESOLVED: {{ else if eq .CommonLabels.severity "critical" }}🚨 CRITICAL: '
    "{{ else }}{{ with .CommonLabels.severity }}{{ . | toUpper }}: {{ end }}{{ end }}"
    "{{ .GroupLabels.alertname }}{{ with .CommonLabels.cluster }} ({{ . }}){{ end }}"
    "{{ if gt (len .Alerts.Firing) 1 }} ×{{ len .Alerts.Firing }}{{ end }}"
)
SLACK_COLOR = (
    '{{ if eq .Status "resolved" }}good'
    '{{ else if eq .CommonLabels.severity "critical" "high" }}danger{{ else }}warning{{ end }}'
)
LINKS = {"Runbook": "runbook_url", "Dashboard": "dashboard_url", "Logs": "logs_url", "Traces": "traces_url"}
"""Text -> annotation (components/rules.py); an alert has those of the parts that its stack has."""
_HOUR = 3_600_000_000_000  # nanoseconds, as Go adds them to a time
_AROUND = {
    "dashboard_url": (
        f"&from={{{{ ($alert.StartsAt.Add -{_HOUR}).UnixMilli }}}}&to={{{{ ($alert.StartsAt.Add {_HOUR}).UnixMilli }}}}"
    )
}
"""What is added to a link: a dashboard is opened at an hour before and after the alert began, whenever that was."""
# Cut at ten alerts, because Alertmanager does not shorten this text and Slack refuses a message that is too long.
SLACK_TEXT = (
    """\
{{ range $i, $alert := .Alerts }}{{ if lt $i 10 -}}
{{ if eq .Status "resolved" }}✅ {{ end }}*{{ .Annotations.summary }}*
{{ .Annotations.description }}{{ with .Annotations.value }} Value: {{ . }}{{ end }}
{{ range (.Labels.Remove $.GroupLabels.Names).SortedPairs }}`{{ .Name }}={{ .Value }}` {{ end }}
"""
    + "".join(
        f"{{{{ with .Annotations.{name} }}}}<{{{{ . }}}}{_AROUND.get(name, '')}|{text}> {{{{ end -}}}}\n"
        for text, name in LINKS.items()
    )
    + """\
{{ "\\n" }}{{ end }}{{ end }}{{ if gt (len .Alerts) 10 }}The first 10 of {{ len .Alerts }} alerts.{{ end }}
"""
)
# PagerDuty refuses an event without a summary, and alerts of one group may differ in theirs.
PAGERDUTY_DESCRIPTION = "{{ with .CommonAnnotations.summary }}{{ . }}{{ else }}" + TITLE + "{{ end }}"
# PagerDuty knows critical, error, warning and info.
PAGERDUTY_SEVERITY = (
    '{{ if eq .CommonLabels.severity "critical" }}critical{{ else if eq .CommonLabels.severity "high" }}error'
    '{{ else if eq .CommonLabels.severity "medium" "warning" }}warning{{ else }}info{{ end }}'
)


def alertmanager_yaml(tree: tree_model.RoutingTree, secret_dir: str) -> str:
    """The configuration file as YAML text; the same tree gives the same bytes.

    Each secret is the file ``secret_dir/<key>``. Raises ValueError for a tree that Alertmanager would refuse:
    one line for each problem, which names the receiver or route and says what is allowed.
    """
    return yaml.dump(
        alertmanager_config(tree, secret_dir).to_manifest(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
    )


def alertmanager_config(tree: tree_model.RoutingTree, secret_dir: str) -> Config:
    """The configuration as strict models; shapes and errors as for :func:`alertmanager_yaml`."""
    folder = secret_dir.rstrip("/")
    with _naming("the routing tree"):
        root = Route(
            receiver=tree.default,
            group_by=tree.group_by,
            group_wait=tree.group_wait,
            group_interval=tree.group_interval,
            repeat_interval=tree.repeat_interval,
            routes=tuple(_route(branch) for branch in tree.routes),
        )
        return Config(
            global_=_mail(tree.mail, folder) if tree.mail else None,
            route=root,
            receivers=tuple(_receiver(receiver, folder) for receiver in tree.receivers),
            inhibit_rules=tuple(_inhibit(inhibition) for inhibition in tree.inhibitions) or None,
            time_intervals=tuple(_times(times) for times in tree.times) or None,
        )


@contextmanager
def _naming(what: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise ValueError("\n".join(f"{what}: {line}" for line in describe(error, BaseModel))) from None


def _mail(server: tree_model.MailServer, folder: str) -> Global:
    with _naming("the mail server"):
        return Global(
            smtp_smarthost=server.smarthost,
            smtp_from=server.sender,
            smtp_auth_username=server.username,
            smtp_auth_password_file=f"{folder}/{server.secret}" if server.secret else None,
        )


def _route(branch: tree_model.Route) -> Route:
    with _naming(f"the route to {branch.receiver!r}"):
        return Route(
            receiver=branch.receiver,
            matchers=_matchers(branch.matchers) or None,
            continue_=branch.resume or None,
            mute_time_intervals=branch.muted or None,
            routes=tuple(_route(below) for below in branch.branches) or None,
            group_wait=branch.group_wait,
            group_interval=branch.group_interval,
            repeat_interval=branch.repeat_interval,
        )


def _times(times: tree_model.Times) -> TimeInterval:
    with _naming(f"the times {times.name!r}"):
        return TimeInterval(name=times.name, time_intervals=tuple(map(_span, times.spans)))


def _span(span: tree_model.Span) -> TimeSpan:
    return TimeSpan(
        times=(TimeRange(start_time=span.start, end_time=span.end),) if span.start and span.end else None,
        weekdays=span.weekdays or None,
        days_of_month=span.days_of_month or None,
        location=span.location,
    )


def _inhibit(inhibition: tree_model.Inhibition) -> InhibitRule:
    with _naming("an inhibition"):
        return InhibitRule(
            source_matchers=_matchers(inhibition.source),
            target_matchers=_matchers(inhibition.target),
            equal=inhibition.equal,
        )


def _receiver(receiver: tree_model.Receiver, folder: str) -> Receiver:
    with _naming(f"receiver {receiver.name!r}"):
        return _BUILDERS[receiver.kind](receiver, folder)


def _matchers(matchers: tuple[Matcher, ...]) -> tuple[str, ...]:
    return tuple(map(str, matchers))


def _secret_file(receiver: tree_model.Receiver, folder: str) -> str:
    if not receiver.secret:
        raise ValueError(f"receiver {receiver.name!r}: kind {receiver.kind} needs secret, the key of its URL or key")
    return f"{folder}/{receiver.secret}"


def _slack(receiver: tree_model.Receiver, folder: str) -> Receiver:
    config = SlackConfig(
        api_url_file=_secret_file(receiver, folder),
        channel=receiver.channel,
        send_resolved=True,
        color=SLACK_COLOR,
        title=TITLE,
        text=SLACK_TEXT,
    )
    return Receiver(name=receiver.name, slack_configs=(config,))


def _pagerduty(receiver: tree_model.Receiver, folder: str) -> Receiver:
    config = PagerdutyConfig(
        routing_key_file=_secret_file(receiver, folder),
        send_resolved=True,
        description=PAGERDUTY_DESCRIPTION,
        severity=PAGERDUTY_SEVERITY,
        source="{{ with .CommonLabels.cluster }}{{ . }}{{ else }}Alertmanager{{ end }}",
        component="{{ .CommonLabels.component }}",
        class_="{{ .GroupLabels.alertname }}",
        links=tuple(
            # Of the first alert: what the links choose is not common to all alerts of a group.
            PagerdutyLink(
                href=(
                    f"{{{{ with $alert := index .Alerts 0 }}}}{{{{ with .Annotations.{name} }}}}{{{{ . }}}}"
                    f"{_AROUND.get(name, '')}{{{{ end }}}}{{{{ end }}}}"
                ),
                text=text,
            )
            for text, name in LINKS.items()
        ),
    )
    return Receiver(name=receiver.name, pagerduty_configs=(config,))


def _webhook(receiver: tree_model.Receiver, folder: str) -> Receiver:
    config = WebhookConfig(url_file=_secret_file(receiver, folder), send_resolved=True)
    return Receiver(name=receiver.name, webhook_configs=(config,))


def _email(receiver: tree_model.Receiver, _folder: str) -> Receiver:
    if not receiver.to:
        raise ValueError(f"receiver {receiver.name!r}: kind email needs to, the addresses")
    config = EmailConfig(to=receiver.to, send_resolved=True, headers={"Subject": TITLE})
    return Receiver(name=receiver.name, email_configs=(config,))


def _null(receiver: tree_model.Receiver, _folder: str) -> Receiver:
    return Receiver(name=receiver.name)


_BUILDERS: dict[str, Callable[[tree_model.Receiver, str], Receiver]] = {
    "slack": _slack,
    "pagerduty": _pagerduty,
    "webhook": _webhook,
    "email": _email,
    "null": _null,
}


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that a reviewer can read a template."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
