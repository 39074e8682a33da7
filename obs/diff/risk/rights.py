"""rights: who may do at the API what nobody of that name might before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.check.rendered import Rendered, entries, mapping
from obs.diff.entry import Entry, Level, listed
from obs.diff.pair import Pair

_READING = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource, ``scope`` being a namespace or ``every namespace``; ``*`` stands for all."""

    scope: str
    verb: str
    group: str
    resource: str
    name: str

    def covers(self, other: Right) -> bool:
        return self.scope in (other.scope, "every namespace") and all(
            mine in ("*", theirs)
            for mine, theirs in (
                (self.verb, other.verb),
                (self.group, other.group),
                (self.resource, other.resource),
                (self.name, other.name),
            )
        )

    @property
    def level(self) -> Level:
        if self.resource in ("secrets", "*") or self.verb not in _READING:
            return Level.HIGH
        return Level.MEDIUM


def widened(pair: Pair) -> Iterator[Entry]:
    if not any(c.kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding") for c in pair.changes):
        return
    before, after = (rights(side.rendered) for side in (pair.before, pair.after))
    for account in sorted(after):
        had = before.get(account, set())
        new = sorted(right for right in after[account] if not any(old.covers(right) for old in had))
        if not new:
            continue
        # An account that comes with a part brings what the part needs; one that is there gets more than it had.
        worst = max(right.level for right in new)
        words = "may do more" if account in before else "is new and may"
        yield Entry(
            topic="rights",
            subject=f"ServiceAccount {account}",
            text=f"{words}: {listed(_said(new), 5)}",
            level=worst if account in before else min(worst, Level.MEDIUM),
            why="roles and bindings of both sides, put together for each service account",
        )


def _said(rights: list[Right]) -> list[str]:
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for right in rights:
        grouped.setdefault((right.scope, right.group, right.resource, right.name), []).append(right.verb)
    return [
        f"{'/'.join(verbs)} {f'{group}/' if group else ''}{resource}{f' {name}' if name != '*' else ''} in {scope}"
        for (scope, group, resource, name), verbs in grouped.items()
    ]


def rights(rendered: Rendered) -> dict[str, set[Right]]:
    """Service account -> what its bindings give it."""
    roles = {
        (i.kind, i.namespace, i.name): entries(i.manifest.get("rules")) for i in rendered.of("ClusterRole", "Role")
    }
    found: dict[str, set[Right]] = {}
    for binding in rendered.of("ClusterRoleBinding", "RoleBinding"):
        reference = mapping(binding.manifest.get("roleRef"))
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        scope = "every namespace" if binding.kind == "ClusterRoleBinding" else binding.namespace
        given = roles.get((kind, "" if kind == "ClusterRole" else binding.namespace, name))
        # A role that is not rendered (view, edit) is named as a right of its own.
        granted = {Right(scope, "use", "", f"role {name}", "*")} if given is None else set(_rights(given, scope))
        for subject in entries(binding.manifest.get("subjects")):
            account = f"{subject.get('namespace', binding.namespace)}/{subject.get('name')}"
            found.setdefault(account, set()).update(granted)
    return found


def _rights(rules: list[Mapping[str, Any]], scope: str) -> Iterator[Right]:
    for rule in rules:
        for verb in rule.get("verbs") or ():
            yield from (Right(scope, verb, "", url, "*") for url in rule.get("nonResourceURLs") or ())
            for group in rule.get("apiGroups") or ():
                for resource in rule.get("resources") or ():
                    for name in rule.get("resourceNames") or ("*",):
                        yield Right(scope, str(verb), str(group), str(resource), str(name))
