"""cAdvisor in the kubelet: containers of the node's pods, their network, and the machine."""

from __future__ import annotations

from obs.simulate.cluster import Cluster, Container, Node, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.cluster import CORES, KUBELET_PORT, MEMORY_GIB
from obs.simulate.series import Labels, Rows, Table, part
from obs.simulate.values import Clock, Fixed, Growth, Since, Wave

_GIB = 2**30
_PAUSE = Container("POD", "registry.k8s.io/pause:3.10")
_NETWORK = "container_network_.+"
PERIODS = 10.0
"""CPU periods of a container in a second: cgroup's default period is 100 ms."""


def container_labels(pod: Pod, container: Container) -> Labels:
    return {
        "id": f"/kubepods/burstable/pod{pod.uid}/{container.name}",
        "image": container.image,
        "name": f"{pod.name}_{container.name}",
        "container": container.name,
        "pod": pod.name,
        "namespace": pod.namespace,
    }


def _table(cluster: Cluster, target: Target) -> Table:
    assert isinstance(target, Node)
    pods = [pod for pod in cluster.pods_on(target.name) if pod.phase == "Running"]
    return Table(
        rows=(
            # The network belongs to the pod's sandbox; on the host's network it would count the node's traffic.
            Rows(tuple(container_labels(p, _PAUSE) for p in pods if not p.host_network), _NETWORK),
            Rows(tuple(container_labels(p, c) for p in pods for c in p.containers), "container_(?!scrape_error).+"),
            Rows.of("failure_type", "pgfault", "pgmajfault"),
            Rows.of("scope", "container", "hierarchy"),
        ),
        defaults={
            "cpu": "total",
            "device": "/dev/nvme0n1",
            "interface": "eth0",
            "major": "259",
            "minor": "0",
            "operation": "Read",
            "state": "running",
            "ulimit": "max_open_files",
            "boot_id": f"{target.name}-boot",
            "machine_id": f"{target.name}-machine",
            "system_uuid": f"{target.name}-system",
            "cadvisorVersion": "0.60.5",
            "kernelVersion": "6.1.0",
            "osVersion": "Debian GNU/Linux 12 (bookworm)",
        },
        values=_VALUES,
    )


def _cpu(labels: Labels) -> Growth:
    return Growth(round(0.1 + 0.3 * part("cpu", labels), 4))


def _memory(labels: Labels) -> Wave:
    spread = part("memory", {key: labels[key] for key in ("namespace", "pod", "container")})
    return Wave(_GIB * (0.25 + 0.5 * spread), phase=spread)


_VALUES = (
    ("container_scrape_error|machine_scrape_error", Fixed(0)),
    ("container_cpu_usage_seconds_total", _cpu),
    ("container_cpu_cfs_periods_total", Growth(PERIODS)),
    ("container_cpu_cfs_throttled_periods_total", Growth(0.02 * PERIODS)),
    ("container_cpu_cfs_throttled_seconds_total", Growth(0.001)),
    ("container_cpu_(user|system)_seconds_total", Growth(0.08)),
    ("container_memory_(working_set_bytes|usage_bytes|rss|max_usage_bytes)", _memory),
    ("container_memory_(cache|kernel_usage|.*_file.*)", Wave(2e7)),
    ("container_spec_memory_limit_bytes", Fixed(2 * _GIB)),
    ("container_fs_limit_bytes", Fixed(200 * _GIB)),
    ("container_fs_usage_bytes", Wave(1e8)),
    ("container_start_time_seconds", Since()),
    ("container_last_seen", Clock()),
    ("container_oom_events_total|container_memory_failcnt", Fixed(0)),
    ("container_spec_cpu_(quota|period)", Fixed(100_000)),
    ("machine_cpu_(physical_)?cores", Fixed(CORES)),
    ("machine_memory_bytes", Fixed(MEMORY_GIB * _GIB)),
    ("machine_(swap_bytes|nvm_.*|dimm_.*)", Fixed(0)),
)
EXPORTER = Exporter(
    name="kubelet",
    system="kubernetes",
    port=KUBELET_PORT,
    path="/metrics/cadvisor",
    pods=None,
    contract="cadvisor",
    table=_table,
)
