"""A verification as a table for people and as Markdown for a ticket or a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from obs.verify.finding import Finding, Result
from obs.verify.run import Verification

SHOWN = 10
"""Findings of one kind that are shown before it says how many more there are."""
_ORDER = {"error": 0, "warning": 1, "info": 2}
_MARK = {"error": "[red]✗[/]", "warning": "[yellow]![/]", "info": "[dim]·[/]"}


def print_report(console: Console, done: Verification) -> None:
    """The summary of each check, then what is not as planned, the worst first. --json and --markdown have the rest."""
    console.print(
        f"[bold]{escape(done.stack)}[/] · cluster [bold]{escape(done.cluster)}[/] · {escape(done.prometheus)}",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("check")
    table.add_column("as planned", justify="right")
    table.add_column("")
    table.add_column("found")
    for result in done.results:
        mark = "[red]✗[/]" if result.count("error") else "[yellow]![/]" if result.count("warning") else "[green]✓[/]"
        table.add_row(f"{mark} {result.name}", f"{result.ok}/{result.total}", result.what, _counts(result))
    console.print(table)
    for finding, more in _shown(done):
        if finding.severity == "info":
            continue
        where = f" [dim]{escape(finding.where)}[/]" if finding.where else ""
        console.print(
            f"{_MARK[finding.severity]} [bold]{escape(finding.subject)}[/] {escape(finding.message)}{where} "
            f"[dim]{finding.check}[/]",
            highlight=False,
            soft_wrap=True,
        )
        if more:
            console.print(f"  [dim]and {more} more of {finding.check}; --json has all[/]", highlight=False)
    console.print(_verdict(done), highlight=False)


def markdown(done: Verification) -> str:
    """The same as GitHub's Markdown."""
    lines = [
        f"## Stack `{done.stack}` on cluster `{done.cluster}`: {'clean' if done.clean else 'findings'}",
        "",
        f"{done.prometheus}, {done.at}: {_number(done.errors, 'error')}, {_number(done.warnings, 'warning')}.",
        "",
        "| check | as planned | | found |",
        "|---|---:|---|---|",
    ]
    lines += [f"| {r.name} | {r.ok}/{r.total} | {r.what} | {_counts(r)} |" for r in done.results]
    found = list(_shown(done))
    if found:
        lines += ["", "| severity | check | subject | message | defined in |", "|---|---|---|---|---|"]
    for finding, more in found:
        cells = (finding.severity, finding.check, finding.subject, finding.message, finding.where or "")
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
        if more:
            lines.append(f"| | {finding.check} | | and {more} more | |")
    return "\n".join(lines) + "\n"


def _shown(done: Verification) -> Iterator[tuple[Finding, int]]:
    """The first findings of each kind, worst first; with the last one how many more there are."""
    # By severity and then in the order of the checks: a wrong server explains all that follows.
    every = [(i, finding) for i, result in enumerate(done.results) for finding in result.findings]
    every.sort(key=lambda entry: (_ORDER[entry[1].severity], entry[0], entry[1].check))
    for _, group in groupby(every, key=lambda entry: (entry[1].severity, entry[1].check)):
        found = [finding for _, finding in group]
        for finding in found[: SHOWN - 1]:
            yield finding, 0
        if len(found) >= SHOWN:
            yield found[SHOWN - 1], len(found) - SHOWN


def _counts(result: Result) -> str:
    parts = [
        f"{number} {word}{'s' if number > 1 and word != 'info' else ''}"
        for word in ("error", "warning", "info")
        if (number := sum(f.severity == word for f in result.findings))
    ]
    took = result.facts.get("total_seconds")
    slowest = result.facts.get("slowest")
    if took is not None and slowest:
        parts.append(f"{took * 1000:.0f} ms, slowest {slowest['name']} {slowest['seconds'] * 1000:.0f} ms")
    return ", ".join(parts)


def _verdict(done: Verification) -> str:
    counted = f"{_number(done.errors, 'error')}, {_number(done.warnings, 'warning')}"
    if done.clean:
        return f"[green]✓[/] as planned ({counted})"
    return f"[red]✗[/] not as planned: {counted}" + (" (strict: warnings count)" if done.strict else "")


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
