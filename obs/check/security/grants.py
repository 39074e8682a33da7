"""security/secrets-read, security/everything, security/grant, security/token: who may do what at the API."""

from __future__ import annotations

from collections.abc import Iterator

from components.pod_security import TOKENS
from obs.check.finding import Finding
from obs.check.rendered import Rendered
from obs.check.security.pods import pod_specs
from obs.check.security.rights import EVERYWHERE, READING, Grant, Right, grants

# Roles of every cluster (kubernetes.io/docs/reference/access-authn-authz/rbac) that read Secrets of their scope.
_BUILT_IN = {"cluster-admin", "admin", "edit", "view"}
_BUILT_IN_READERS = _BUILT_IN - {"view"}
# Whoever has these can give itself the rest.
_ESCALATING = {"escalate", "bind", "impersonate"}
_SECRETS = [Right(EVERYWHERE, verb, "", "secrets", "*") for verb in READING]


def check_grants(rendered: Rendered) -> Iterator[Finding]:
    accounts = {(item.namespace, item.name) for item in rendered.of("ServiceAccount")}
    for grant in grants(rendered):
        yield from _secrets(grant)
        yield from _everything(grant)
        yield from _known(grant, accounts)


def check_tokens(rendered: Rendered) -> Iterator[Finding]:
    """A token that opens nothing still says who one is: a pod without a binding does without."""
    bound = {account for grant in grants(rendered) for account in grant.accounts}
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


def _secrets(grant: Grant) -> Iterator[Finding]:
    if grant.scope != EVERYWHERE:
        return
    built_in = grant.rules is None and grant.role.removeprefix("ClusterRole ") in _BUILT_IN_READERS
    if built_in or any(right.covers(one) for right in grant.rights() for one in _SECRETS):
        message = f"gives {', '.join(grant.holders)} the Secrets of every namespace to read, by {grant.role}"
        yield grant.binding.finding("security/secrets-read", message)


def _everything(grant: Grant) -> Iterator[Finding]:
    for rule in grant.rules or ():
        verbs, resources = set(rule.get("verbs") or ()), set(rule.get("resources") or ())
        if "*" in verbs or "*" in resources or verbs & _ESCALATING:
            what = f"verbs {', '.join(sorted(verbs))} on {', '.join(sorted(resources)) or 'paths'}"
            yield grant.binding.finding("security/everything", f"gives {', '.join(grant.holders)} {what}; name them")


def _known(grant: Grant, accounts: set[tuple[str, str]]) -> Iterator[Finding]:
    if grant.rules is None and grant.role.removeprefix("ClusterRole ") not in _BUILT_IN:
        yield grant.binding.finding("security/grant", f"gives {grant.role}, which this stack does not have")
    for account in grant.accounts:
        namespace, _, name = account.partition("/")
        if (namespace, name) not in accounts:
            yield grant.binding.finding("security/grant", f"is for service account {account}, which no part makes")
    for other in grant.others:
        yield grant.binding.finding("security/grant", f"is for {other}, which no part makes")
