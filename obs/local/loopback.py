"""Generated server configurations, turned to this machine: same targets and receivers, no other address dialled.

A target keeps its labels; only where it is fetched changes: 10.244.0.7:8080/metrics becomes
SIMULATOR/10.244.0.7:8080/metrics, and alerts go the same way. What is rewritten is checked again by
:func:`check_prometheus` and :func:`check_alertmanager`, which know nothing of the rewriting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from obs.local.outward import is_loopback, shown
from obs.local.state import LocalError

Config = dict[str, Any]
_TLS_AND_CREDENTIALS = (
    "tls_config",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "basic_auth",
    "oauth2",
    "sigv4",
    "proxy_url",
    "proxy_from_environment",
)
_ADDRESSES = ("url", "api_url", "webhook_url", "smarthost")
# Jenkins' metrics are at /prometheus, which is also where Prometheus' volume is mounted.
_PATHS_OF_URLS = ("metrics_path", "path_prefix")
_DISCOVERY = "_sd_configs"
_ADDRESS = "__address__"


def prometheus(config: Config, *, kubeconfig: str, simulator: str) -> Config:
    """A Prometheus configuration that reaches its targets and Alertmanagers through ``simulator`` (host:port)."""
    scrapes = [_discovering(c, kubeconfig) | {"scheme": "http"} for c in config.get("scrape_configs") or ()]
    for scrape in scrapes:
        scrape["relabel_configs"] = [
            *(scrape.get("relabel_configs") or ()),
            # The label instance is the address as the cluster knows it; Prometheus would set it only after these steps.
            {"source_labels": ["instance", _ADDRESS], "regex": ";(.+)", "target_label": "instance"},
            *_through(simulator, "__metrics_path__"),
        ]
    alerting = dict(config.get("alerting") or {})
    managers = [_discovering(c, kubeconfig) | {"scheme": "http"} for c in alerting.get("alertmanagers") or ()]
    for manager in managers:
        manager["relabel_configs"] = [
            *(manager.get("relabel_configs") or ()),
            *_through(simulator, "__alerts_path__"),
        ]
    return {**config, "scrape_configs": scrapes, "alerting": {**alerting, "alertmanagers": managers}}


def _discovering(section: Config, kubeconfig: str) -> Config:
    kept = {key: value for key, value in section.items() if key not in _TLS_AND_CREDENTIALS}
    for discovery in kept.get("kubernetes_sd_configs") or ():
        for key in ("api_server", *_TLS_AND_CREDENTIALS):
            discovery.pop(key, None)
        discovery["kubeconfig_file"] = kubeconfig
    return kept


def _through(simulator: str, path: str) -> list[Config]:
    return [
        {
            "source_labels": [_ADDRESS, path],
            "separator": "",
            "regex": "(.+)",
            "target_label": path,
            "replacement": "/$1",
        },
        {"target_label": "__scheme__", "replacement": "http"},
        {"target_label": _ADDRESS, "replacement": simulator},
    ]


def relocated(value: Any, moved: Callable[[str], str]) -> Any:
    """A configuration with every text passed through ``moved``, which turns a path in a container into a real one."""
    if isinstance(value, dict):
        return {key: inner if key in _PATHS_OF_URLS else relocated(inner, moved) for key, inner in value.items()}
    if isinstance(value, list):
        return [relocated(inner, moved) for inner in value]
    return moved(value) if isinstance(value, str) else value


def check_prometheus(config: Config, kubeconfig: str) -> None:
    """Raises LocalError, naming the section, for whatever would dial another machine than this.

    ``kubeconfig`` is the file of the local API server.
    """
    problems = [
        problem
        for section, where in _sections(config)
        for problem in (*_discovery_problems(section, where, kubeconfig), *_address_problems(section, where))
    ]
    problems += _remote(config, "the configuration")
    if config.get("scrape_config_files"):
        problems.append("the configuration: scrape_config_files names files that are not checked")
    _refuse("Prometheus", problems)


def _sections(config: Config) -> Iterator[tuple[Config, str]]:
    for scrape in config.get("scrape_configs") or ():
        yield scrape, f"scrape config {scrape.get('job_name')}"
    for number, manager in enumerate((config.get("alerting") or {}).get("alertmanagers") or ()):
        yield manager, f"alertmanager config {number}"


def _discovery_problems(section: Config, where: str, kubeconfig: str) -> Iterator[str]:
    for key, discoveries in section.items():
        if not key.endswith(_DISCOVERY):
            continue
        if key != "kubernetes_sd_configs":
            yield f"{where}: {key} asks another machine for its targets"
            continue
        for discovery in discoveries:
            if discovery.get("kubeconfig_file") != kubeconfig or "api_server" in discovery:
                yield f"{where}: kubernetes_sd_configs does not use the local kubeconfig"


def _address_problems(section: Config, where: str) -> Iterator[str]:
    """The last step that may touch the address must set it to the loopback interface, whatever it was."""
    steps = section.get("relabel_configs") or ()
    touching = [step for step in steps if _may_set_address(step)]
    last = touching[-1] if touching else {}
    sure = last.get("target_label") == _ADDRESS and not last.get("source_labels") and "regex" not in last
    if not (sure and is_loopback(str(last.get("replacement", "")))):
        yield f"{where}: targets keep their own address"


def _may_set_address(step: Config) -> bool:
    target = str(step.get("target_label", ""))
    return target == _ADDRESS or "$" in target or step.get("action") in ("labelmap", "labeldrop", "labelkeep")


def check_alertmanager(config: Config, read: Callable[[str], str]) -> None:
    """Raises LocalError for a receiver that would dial another machine. ``read`` gives a file's text by its path."""
    problems = list(_remote({k: v for k, v in config.items() if k != "receivers"}, "the configuration"))
    for receiver in config.get("receivers") or ():
        where = f"receiver {receiver['name']}"
        for kind, integrations in receiver.items():
            if not kind.endswith("_configs"):
                continue
            for integration in integrations or ():
                problems += _integration_problems(integration, f"{where}, {kind}", read)
    _refuse("Alertmanager", problems)


def _integration_problems(integration: Config, where: str, read: Callable[[str], str]) -> Iterator[str]:
    """Without an address of its own an integration uses its vendor's."""
    given = [integration[key] for key in _ADDRESSES if integration.get(key)]
    given += [read(integration[f"{key}_file"]).strip() for key in _ADDRESSES if integration.get(f"{key}_file")]
    if not given:
        yield f"{where}: has no address of its own and would use its vendor's; a local receiver is a webhook"
    # The address may be a secret: it is not repeated.
    yield from (f"{where}: its address is not on this machine" for address in given if not is_loopback(address))
    yield from _remote({key: value for key, value in integration.items() if key not in _ADDRESSES}, where)


def _remote(value: Any, where: str) -> Iterator[str]:
    """Every address of another machine, and every way to one, in a part of a configuration."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "proxy_from_environment" and inner:
                yield f"{where}: proxy_from_environment leads elsewhere"
            is_address = isinstance(inner, str) and (key.endswith("url") or key in ("endpoint", "smtp_smarthost"))
            if is_address and inner and not is_loopback(inner):
                yield f"{where}: {key} is {shown(inner)}"
            else:
                yield from _remote(inner, f"{where}, {key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _remote(inner, where)


def _refuse(server: str, problems: list[str]) -> None:
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise LocalError(f"{server} would reach out of this machine and was not given its configuration:\n{lines}")
