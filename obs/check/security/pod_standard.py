"""The Pod Security Standard ``restricted`` (Kubernetes v1.25 and later), rule by rule, on the spec of a pod.

https://kubernetes.io/docs/concepts/security/pod-security-standards. A namespace with the label enforces it at
admission; here it is found before anything is deployed. A test gives the same pods to a real API server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.pod_security import Rule

Spec = Mapping[str, Any]
_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_PROFILES = {"RuntimeDefault", "Localhost"}
_HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe")


def violations(spec: Spec) -> Iterator[tuple[Rule, str]]:
    """(rule, what breaks it) for each rule of ``restricted`` that the spec of a pod breaks."""
    for rule, broken in _RULES.items():
        yield from ((rule, text) for text in broken(spec))


def containers(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """(``container NAME``, container), init containers too."""
    for field, word in (("initContainers", "init container"), ("containers", "container")):
        yield from ((f"{word} {c.get('name')}", c) for c in spec.get(field) or ())


def security(holder: Spec) -> Spec:
    return holder.get("securityContext") or {}


def _levels(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """(where, security context) of the pod and of each container."""
    yield "the pod", security(spec)
    yield from ((where, security(c)) for where, c in containers(spec))


def _host_process(spec: Spec) -> Iterator[str]:
    for where, context in _levels(spec):
        if (context.get("windowsOptions") or {}).get("hostProcess"):
            yield f"{where} sets windowsOptions.hostProcess"


def _host_namespaces(spec: Spec) -> Iterator[str]:
    yield from (f"the pod sets {field}" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field))


def _privileged(spec: Spec) -> Iterator[str]:
    yield from (f"{where} is privileged" for where, c in containers(spec) if security(c).get("privileged"))


def _capabilities(spec: Spec) -> Iterator[str]:
    for where, container in containers(spec):
        given = security(container).get("capabilities") or {}
        if "ALL" not in (given.get("drop") or ()):
            yield f"{where} does not drop ALL capabilities"
        if more := sorted(set(given.get("add") or ()) - {"NET_BIND_SERVICE"}):
            yield f"{where} adds {', '.join(more)}"


def _host_path(spec: Spec) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        if "hostPath" in volume:
            yield f"volume {volume.get('name')} is {(volume['hostPath'] or {}).get('path')} of the node"


def _volume_types(spec: Spec) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        # The API server takes a volume without a source for an emptyDir.
        if other := set(volume) - {"name", "hostPath"} - _VOLUMES:
            yield f"volume {volume.get('name')} is of type {', '.join(sorted(other))}"


def _host_ports(spec: Spec) -> Iterator[str]:
    for where, container in containers(spec):
        for port in container.get("ports") or ():
            # On the node's network the API server makes every container port one of the host.
            if number := port.get("hostPort") or (spec.get("hostNetwork") and port.get("containerPort")):
                yield f"{where} takes port {number} of the node"


def _host_handlers(spec: Spec) -> Iterator[str]:
    for where, container in containers(spec):
        handlers = {name: container.get(name) for name in _HANDLERS}
        handlers |= {f"lifecycle.{n}": h for n, h in (container.get("lifecycle") or {}).items()}
        for name, handler in handlers.items():
            for kind in ("httpGet", "tcpSocket"):
                if ((handler or {}).get(kind) or {}).get("host"):
                    yield f"{where}, {name} asks a host of its own choice"


def _app_armor(spec: Spec) -> Iterator[str]:
    for where, context in _levels(spec):
        profile = context.get("appArmorProfile") or {}
        if profile and profile.get("type") not in _PROFILES:
            yield f"{where} has AppArmor profile {profile.get('type')}"


def _selinux(spec: Spec) -> Iterator[str]:
    for where, context in _levels(spec):
        options = context.get("seLinuxOptions") or {}
        if options.get("type") not in _SELINUX or options.get("user") or options.get("role"):
            yield f"{where} sets SELinux options of its own"


def _proc_mount(spec: Spec) -> Iterator[str]:
    for where, container in containers(spec):
        if security(container).get("procMount") not in (None, "Default"):
            yield f"{where} sets procMount"


def _sysctls(spec: Spec) -> Iterator[str]:
    for one in security(spec).get("sysctls") or ():
        if one.get("name") not in _SYSCTLS:
            yield f"the pod sets sysctl {one.get('name')}"


def _privilege_escalation(spec: Spec) -> Iterator[str]:
    for where, container in containers(spec):
        if security(container).get("allowPrivilegeEscalation") is not False:
            yield f"{where} does not set allowPrivilegeEscalation to false"


def _run_as_root(spec: Spec) -> Iterator[str]:
    pod = security(spec)
    for where, context in _levels(spec):
        if context.get("runAsUser") == 0:
            yield f"{where} runs as user 0"
    for where, container in containers(spec):
        if (security(container).get("runAsNonRoot", pod.get("runAsNonRoot"))) is not True:
            yield f"{where} does not set runAsNonRoot to true, nor does the pod"


def _seccomp(spec: Spec) -> Iterator[str]:
    pod = (security(spec).get("seccompProfile") or {}).get("type")
    for where, container in containers(spec):
        profile = (security(container).get("seccompProfile") or {}).get("type") or pod
        if profile not in _PROFILES:
            yield f"{where} has {f'seccomp profile {profile}' if profile else 'no seccomp profile, nor has the pod'}"


_RULES: Mapping[Rule, Callable[[Spec], Iterator[str]]] = {
    Rule.HOST_PROCESS: _host_process,
    Rule.HOST_NAMESPACES: _host_namespaces,
    Rule.PRIVILEGED: _privileged,
    Rule.CAPABILITIES: _capabilities,
    Rule.HOST_PATH: _host_path,
    Rule.VOLUME_TYPES: _volume_types,
    Rule.HOST_PORTS: _host_ports,
    Rule.HOST_HANDLERS: _host_handlers,
    Rule.APP_ARMOR: _app_armor,
    Rule.SELINUX: _selinux,
    Rule.PROC_MOUNT: _proc_mount,
    Rule.SYSCTLS: _sysctls,
    Rule.PRIVILEGE_ESCALATION: _privilege_escalation,
    Rule.RUN_AS_ROOT: _run_as_root,
    Rule.SECCOMP: _seccomp,
}
