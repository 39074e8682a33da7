"""security/secrets-read, security/everything, security/grant, security/token: who may do what at the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.pod_security import TOKENS
from obs.check.finding import Finding
from obs.check.rendered import Item, Rendered, entries
from obs.check.security.pods import pod_specs

_READING = {"get", "list", "watch", "*"}
# Roles of every cluster (kubernetes.io/docs/reference/access-authn-authz/rbac) that read Secrets of their scope.
_BUILT_IN = {"cluster-admin", "admin", "edit", "view"}
_BUILT_IN_READERS = _BUILT_IN - {"view"}
# Whoever has these can give itself the rest.
_ESCALATING = {"escalate", "bind", "impersonate"}


@dataclass(frozen=True)
class _Grant:
    """One binding: ``everywhere`` where it holds in all namespaces, ``rules`` None where the role is not rendered."""

    binding: Item
    role: str
    everywhere: bool
    rules: list[Mapping[str, Any]] | None
    accounts: tuple[str, ...]


def check_grants(rendered: Rendered) -> Iterator[Finding]:
    accounts = {(item.namespace, item.name) for item in rendered.of("ServiceAccount")}
    for grant in _grants(rendered):
        yield from _secrets(grant)
        yield from _everything(grant)
        yield from _known(grant, accounts)


def check_tokens(rendered: Rendered) -> Iterator[Finding]:
    """A token that opens nothing still says who one is: a pod without a binding does without."""
    bound = {account for grant in _grants(rendered) for account in grant.accounts}
    mounting = {
        f"{item.namespace}/{item.name}": item.manifest.get("automountServiceAccountToken")
        for item in rendered.of("ServiceAccount")
    }
    for item, spec in pod_specs(rendered):
        account = f"{item.namespace}/{spec.get('serviceAccountName') or 'default'}"
        own = spec.get("automountServiceAccountToken")
        mounted = mounting.get(account) if own is None else own
        if mounted is not False and account not in bound and item.kind not in TOKENS:
            message = f"mounts the token of service account {account}, which nothing is granted to"
            yield item.finding("security/token", message, "automountServiceAccountToken: false")


def _grants(rendered: Rendered) -> Iterator[_Grant]:
    roles = {
        (item.kind, item.namespace, item.name): entries(item.manifest.get("rules"))
        for item in rendered.of("ClusterRole", "Role")
    }
    for binding in rendered.of("ClusterRoleBinding", "RoleBinding"):
        reference = binding.manifest["roleRef"]
        kind, name = str(reference["kind"]), str(reference["name"])
        namespace = "" if kind == "ClusterRole" else binding.namespace
        subjects = entries(binding.manifest.get("subjects"))
        yield _Grant(
            binding=binding,
            role=f"{kind} {name}",
            everywhere=binding.kind == "ClusterRoleBinding",
            rules=roles.get((kind, namespace, name)),
            accounts=tuple(f"{s.get('namespace', binding.namespace)}/{s.get('name')}" for s in subjects),
        )


def _secrets(grant: _Grant) -> Iterator[Finding]:
    if not grant.everywhere:
        return
    built_in = grant.role.removeprefix("ClusterRole ")
    readable = built_in in _BUILT_IN_READERS or any(_reads_secrets(rule) for rule in grant.rules or ())
    if readable:
        message = f"gives {', '.join(grant.accounts)} the Secrets of every namespace to read, by {grant.role}"
        yield grant.binding.finding("security/secrets-read", message)


def _reads_secrets(rule: Mapping[str, Any]) -> bool:
    return (
        bool(_READING & set(rule.get("verbs") or ()))
        and bool({"", "*"} & set(rule.get("apiGroups") or ()))
        and bool({"secrets", "*"} & set(rule.get("resources") or ()))
        and not rule.get("resourceNames")
    )


def _everything(grant: _Grant) -> Iterator[Finding]:
    for rule in grant.rules or ():
        verbs, resources = set(rule.get("verbs") or ()), set(rule.get("resources") or ())
        if "*" in verbs or "*" in resources or verbs & _ESCALATING:
            what = f"verbs {', '.join(sorted(verbs))} on {', '.join(sorted(resources)) or 'paths'}"
            yield grant.binding.finding("security/everything", f"gives {', '.join(grant.accounts)} {what}; name them")


def _known(grant: _Grant, accounts: set[tuple[str, str]]) -> Iterator[Finding]:
    if grant.rules is None and grant.role.removeprefix("ClusterRole ") not in _BUILT_IN:
        yield grant.binding.finding("security/grant", f"gives {grant.role}, which this stack does not have")
    for account in grant.accounts:
        namespace, _, name = account.partition("/")
        if (namespace, name) not in accounts:
            yield grant.binding.finding("security/grant", f"is for service account {account}, which no part makes")
