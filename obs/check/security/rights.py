"""What roles and bindings grant: the findings of `obs check` and the risks of `obs diff` read the same grants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.check.rendered import Item, Rendered, entries, mapping

EVERYWHERE = "every namespace"
READING = frozenset({"get", "list", "watch"})
_ROLES = ("ClusterRole", "Role")
_BINDINGS = ("ClusterRoleBinding", "RoleBinding")
KINDS = (*_ROLES, *_BINDINGS)


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource or path, ``scope`` being a namespace or EVERYWHERE; ``*`` stands for all."""

    scope: str
    verb: str
    group: str
    resource: str
    name: str

    def covers(self, other: Right) -> bool:
        return self.scope in (other.scope, EVERYWHERE) and all(
            mine in ("*", theirs)
            for mine, theirs in (
                (self.verb, other.verb),
                (self.group, other.group),
                (self.resource, other.resource),
                (self.name, other.name),
            )
        )


@dataclass(frozen=True)
class Grant:
    """One binding: to ``accounts`` as NAMESPACE/NAME, to ``others`` as ``Group NAME``; ``rules`` is None where the
    role is not rendered (view, edit)."""

    binding: Item
    role: str
    rules: list[Mapping[str, Any]] | None
    accounts: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def scope(self) -> str:
        return EVERYWHERE if self.binding.kind == "ClusterRoleBinding" else self.binding.namespace

    @property
    def holders(self) -> tuple[str, ...]:
        return (*self.accounts, *self.others)

    @property
    def named(self) -> tuple[str, ...]:
        """All holders with their kind: ``ServiceAccount NAMESPACE/NAME``, ``Group NAME``."""
        return (*(f"ServiceAccount {account}" for account in self.accounts), *self.others)

    def rights(self) -> Iterator[Right]:
        """Every right that it gives; a role that is not rendered is one right of its own."""
        if self.rules is None:
            yield Right(self.scope, "use", "", f"role {self.role.partition(' ')[2]}", "*")
        for rule in self.rules or ():
            for verb in map(str, rule.get("verbs") or ()):
                yield from (Right(self.scope, verb, "", str(url), "*") for url in rule.get("nonResourceURLs") or ())
                for group in rule.get("apiGroups") or ():
                    for resource in rule.get("resources") or ():
                        for name in rule.get("resourceNames") or ("*",):
                            yield Right(self.scope, verb, str(group), str(resource), str(name))


def grants(rendered: Rendered) -> Iterator[Grant]:
    """What every binding gives, and to whom."""
    roles = {(i.kind, i.namespace, i.name): entries(i.manifest.get("rules")) for i in rendered.of(*_ROLES)}
    for binding in rendered.of(*_BINDINGS):
        reference = mapping(binding.manifest.get("roleRef"))
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        namespace = "" if kind == "ClusterRole" else binding.namespace
        subjects = entries(binding.manifest.get("subjects"))
        bound = [s for s in subjects if s.get("kind") == "ServiceAccount"]
        yield Grant(
            binding=binding,
            role=f"{kind} {name}",
            rules=roles.get((kind, namespace, name)),
            accounts=tuple(f"{s.get('namespace', binding.namespace)}/{s.get('name')}" for s in bound),
            others=tuple(f"{s.get('kind')} {s.get('name')}" for s in subjects if s not in bound),
        )


def rights(rendered: Rendered) -> dict[str, set[Right]]:
    """Who may do what by all bindings together: ``ServiceAccount NAMESPACE/NAME`` or ``Group NAME`` -> rights."""
    found: dict[str, set[Right]] = {}
    for grant in grants(rendered):
        for holder in grant.named:
            found.setdefault(holder, set()).update(grant.rights())
    return found
