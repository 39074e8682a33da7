"""Reading the runbooks, and what is wrong with them compared with what the stacks deploy."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from stacks import ROOT, STACKS, run

import contracts
from dashboards.objectives import objectives_dashboard
from model.quantity import seconds
from model.rule import Alert, RecordingRule, Severity
from obs.check.catalogue import catalogue
from obs.check.finding import Finding
from obs.check.infer import Expression, check_expressions
from obs.check.parse import PLACEHOLDER
from plan import Plan
from slo.rules import SloRules, compile_slo
from slo.windows import BURNS

FOLDER = ROOT / "runbooks"
SECTIONS = ["Meaning", "Impact", "First five minutes", "Queries", "Causes", "Fixes", "Escalation", "Silence"]
FACTS = ["Severity", "Fires when", "Shown on", "Component"]
NEVER_SILENCED = "Watchdog"
OF_THE_OBJECTIVE = "that of the objective (label `component`)"
ANSWERED = {
    Severity.CRITICAL: ("15 minutes",),
    Severity.HIGH: ("30 minutes",),
    Severity.MEDIUM: ("2 hours",),
    Severity.WARNING: ("1 hour", "an hour"),
    Severity.INFO: ("a day",),
}
"""Spec 50-alerting 1: within what time somebody answers."""
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
PLACEHOLDERS = re.compile(r"<([a-z][a-z-]*)>")
_MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)"([^"]*)"')


@dataclass(frozen=True)
class Page:
    """A page as text. ``name`` is the file's name without its ending."""

    name: str
    text: str

    @property
    def prose(self) -> str:
        """Without code, in which a # or a bracket means something else."""
        return _FENCE.sub("", self.text)

    @property
    def head(self) -> list[str]:
        return [line for line in self.prose.partition("\n## ")[0].splitlines() if line]

    @property
    def summary(self) -> str:
        return self.head[1]

    @property
    def facts(self) -> dict[str, str]:
        rows = (line.strip("| ").split(" | ", 1) for line in self.head[2:] if line.startswith("| "))
        return {row[0]: row[1] for row in rows if len(row) == 2}

    @property
    def sections(self) -> dict[str, str]:
        parts = re.split(r"^## (.+)\n", self.text, flags=re.MULTILINE)[1:]
        return {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}

    def code(self, language: str, section: str | None = None) -> list[str]:
        text = self.text if section is None else self.sections.get(section, "")
        return [body for kind, body in _FENCE.findall(text) if kind == language]


@dataclass(frozen=True)
class Deployed:
    """An alert as one stack deploys it, and its panel as ``dashboard: panel``."""

    stack: str
    alert: Alert
    shown: str | None


@cache
def plan(stack: str) -> Plan:
    """The stack at production's pace, of which the pages speak."""
    found = run(stack, config={"timeCompression": 1} if stack == "local" else None).namespace["plan"]
    assert isinstance(found, Plan)
    return found


@cache
def example(window: str) -> SloRules:
    """An objective over a window that no stack need have."""
    return compile_slo(replace(plan("prod").objectives[0].slo, name="example", window=window))


@cache
def deployed() -> tuple[Deployed, ...]:
    """Every alert of every stack, and those that an objective of another window would bring."""
    found = [Deployed(s, a, _shown(plan(s), a)) for s in STACKS for a in plan(s).alerts]
    for window in BURNS:
        dashboard = objectives_dashboard((example(window),), parent="dataops-overview")
        assert dashboard is not None
        other = replace(plan("prod"), dashboards=(dashboard,))
        alerts = (rule for rule in example(window).group.rules if isinstance(rule, Alert))
        found += [Deployed(f"a {window} objective", a, _shown(other, a)) for a in alerts]
    return tuple(found)


def _shown(where: Plan, alert: Alert) -> str | None:
    found = where.panel_showing(alert.signal)
    return f"{found[0].title}: {found[1].title}" if found else None


def names() -> list[str]:
    return sorted({one.alert.name for one in deployed()})


@cache
def page(name: str) -> Page:
    path = FOLDER / f"{name}.md"
    return Page(name, path.read_text() if path.is_file() else "")


def spoken(time: float) -> str:
    """Seconds as a page says them: 900 is ``15 minutes``."""
    if time == 0:
        return "at once"
    if time < 1:
        return f"{time * 1000:g} ms"
    size, unit = next((size, unit) for size, unit in UNITS if time % size == 0)
    return f"{time / size:.0f} {unit}{'s' if time > size else ''}"


def hold(alert: Alert) -> str:
    time = seconds(alert.for_)
    return f"for {spoken(time)}" if time else spoken(time)


def limit(alert: Alert) -> str:
    """The threshold as a page says it; empty for a condition that is there or not."""
    if alert.signal.unit == "percentunit":
        return f"{alert.threshold:.0%}".replace("%", " %")
    if alert.signal.unit == "s" and alert.threshold:
        return spoken(alert.threshold)
    return f"{alert.threshold:g}" if alert.threshold else ""


def form_problems(page: Page) -> Iterator[str]:
    if not page.text:
        yield f"{page.name}: there is no runbooks/{page.name}.md"
        return
    if page.head[0] != f"# {page.name}":
        yield f"{page.name}: the title is {page.head[0]!r}"
    if list(page.facts) != FACTS:
        yield f"{page.name}: the table has {list(page.facts)}, not {FACTS}"
    if list(page.sections) != SECTIONS:
        yield f"{page.name}: the sections are {list(page.sections)}, not {SECTIONS}"
    yield from (f"{page.name}: section {title} is empty" for title, body in page.sections.items() if not body)
    if not page.code("promql", "Queries"):
        yield f"{page.name}: section Queries has no query"


def fact_problems(page: Page, one: Deployed) -> Iterator[str]:
    """Where the page says another thing than the stack deploys."""
    alert, facts = one.alert, page.facts
    expected = {
        "Severity": alert.severity.value,
        "Shown on": one.shown,
        "Component": OF_THE_OBJECTIVE if "slo" in alert.labels else alert.component,
    }
    for fact, value in expected.items():
        if facts.get(fact) != value:
            yield f"{page.name}: {fact} is {value!r} in {one.stack}, the page says {facts.get(fact)!r}"
    fires = facts.get("Fires when", "")
    for what, words in (("its threshold", limit(alert)), ("its `for`", hold(alert))):
        if re.search(rf"(?<![\w.]){re.escape(words)}(?!\.?\w)", fires) is None:
            yield f"{page.name}: {what} is {words!r} in {one.stack}, which `Fires when` does not say"
    escalation = page.sections.get("Escalation", "").replace("\n", " ")
    if alert.severity.value not in escalation.lower():
        yield f"{page.name}: section Escalation does not name the severity {alert.severity.value}"
    times = ANSWERED.get(alert.severity, ())
    if times and not any(re.search(rf"answers? within {time}", escalation) for time in times):
        yield f"{page.name}: section Escalation does not say `answer within {times[0]}` ({alert.severity.value})"


def findings(stack: str, asked: list[Expression]) -> list[Finding]:
    """Findings on expressions that see what the stack's rules see, and the records of a 30-day objective."""
    month = (rule for rule in example("30d").group.rules if isinstance(rule, RecordingRule))
    known = [
        Expression(str(r.expr), "recording", r.record, "", r.record, r.labels, allowances=r.expr.allowances())
        for r in (*plan(stack).records, *month)
    ]
    subjects = {e.subject for e in asked}
    found = check_expressions([*known, *asked], catalogue(plan(stack).systems, contracts.load))
    return [finding for finding in found if finding.subject in subjects]


def query_findings(stack: str, pages: list[Page]) -> list[Finding]:
    return findings(
        stack,
        [
            # What a person fills in is as little known as the value of a dashboard's variable.
            Expression(PLACEHOLDERS.sub(rf"{PLACEHOLDER}\1", query), "alert", f"query {number} of {page.name}", "")
            for page in pages
            for number, query in enumerate(page.code("promql"), start=1)
        ],
    )


def silences(page: Page) -> Iterator[tuple[str, dict[str, str]]]:
    """(duration, matchers) of each `amtool silence add`; matchers are label -> value."""
    for block in page.code("bash", "Silence"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            if words[:3] == ["amtool", "silence", "add"]:
                given = [found for word in words if (found := _MATCHER.fullmatch(word))]
                durations = [w.partition("=")[2] for w in words if w.startswith("--duration=")]
                yield (durations or [""])[0], {found[1]: found[3] for found in given}


def silence_problems(page: Page, one: Deployed) -> Iterator[str]:
    """A silence must match the alert, and no more than one object of it."""
    found = list(silences(page))
    if page.name == NEVER_SILENCED:
        yield from (f"{page.name}: must never be silenced" for _ in found)
        return
    if len(found) != 1:
        yield f"{page.name}: section Silence has {len(found)} commands that silence, not 1"
        return
    duration, matchers = found[0]
    if not duration or f"At most {spoken(seconds(duration))}" not in page.sections["Silence"].replace("\n", " "):
        yield f"{page.name}: the silence lasts {duration or 'for ever'}, the text does not say `At most` that"
    own = {"alertname": one.alert.name, **one.alert.own_labels}
    if matchers.get("alertname") != one.alert.name or "cluster" not in matchers or len(matchers) < 3:
        yield f"{page.name}: the silence matches {sorted(matchers)}, not alertname, cluster and an object's label"
    for label, value in matchers.items():
        if label in own and value not in (own[label], f"<{label}>"):
            yield f"{page.name}: the silence asks for {label}={value}, the alert has {own[label]}"
    # `cluster` may come from the external labels; every other label from the rule or its expression.
    others = [label for label in matchers if label not in own and label != "cluster"]
    yield from (f"{page.name}: no {label} on the alert" for label in others if not _on_result(one, label))


def _on_result(one: Deployed, label: str) -> bool:
    """Whether a template of the alert may show the label, which is what the check of templates tells."""
    asked = Expression(str(one.alert.expr), "alert", "asked", "", templates=(f"{{{{ $labels.{label} }}}}",))
    stack = one.stack if one.stack in STACKS else "prod"
    return all(finding.check != "promql/lost-label" for finding in findings(stack, [asked]))


def broken_links(page: Page) -> list[str]:
    relative = (target for target in _LINK.findall(page.prose) if "://" not in target)
    return [f"{page.name}: {target}" for target in relative if not (FOLDER / target.partition("#")[0]).is_file()]


def shell_errors(pages: Iterable[Page]) -> str:
    """What bash says about the commands of the pages without running them; each placeholder is a word."""
    blocks = [f": {page.name}\n{PLACEHOLDERS.sub('x', block)}" for page in pages for block in page.code("bash")]
    done = subprocess.run(["bash", "-n"], input="\n".join(blocks), capture_output=True, text=True, check=False)
    return done.stderr


def index(readme: Page) -> list[tuple[str, ...]]:
    """Rows of the table of all pages: name, file, severity, one line."""
    return re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \| (.+) \|$", readme.text, re.MULTILINE)
