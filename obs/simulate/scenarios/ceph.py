"""What goes wrong with Ceph."""

from __future__ import annotations

from obs.simulate.exporters.ceph import OPERATIONS, OSD_BYTES, OSDS
from obs.simulate.scenario import Change, Down, Rate, Scenario, Set

_ONE = {"ceph_daemon": OSDS[0]}
_HEALTH = "ceph_health_status"


def _scenario(
    name: str, title: str, description: str, changes: tuple[Change | Down, ...], *alerts: str, within: str
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="ceph",
        changes=changes,
        alerts=alerts,
        within=within,
    )


SCENARIOS = (
    _scenario(
        "ceph-health-error",
        "Ceph stops writing",
        "Placement groups are down with the hosts of their copies.",
        (Change(_HEALTH, Set(2)),),
        "CephHealthError",
        "CephHealthWarning",
        within="18m",
    ),
    _scenario(
        "ceph-health-warning",
        "Ceph is not healthy",
        "A monitor's clock is off.",
        (Change(_HEALTH, Set(1)),),
        "CephHealthWarning",
        within="18m",
    ),
    _scenario(
        "ceph-osd-down",
        "An OSD is down",
        "The drive of osd.0 failed; Ceph has not warned for long yet.",
        (Change("ceph_osd_up", Set(0), _ONE),),
        "CephOSDDown",
        within="8m",
    ),
    _scenario(
        "ceph-full",
        "Ceph fills up",
        "83 % of the raw capacity is used.",
        (Change("ceph_cluster_total_used_raw_bytes", Set(0.83 * len(OSDS) * OSD_BYTES)),),
        "CephUsageHigh",
        within="18m",
    ),
    _scenario(
        "ceph-osd-near-full",
        "One OSD is nearly full",
        "Data is spread badly: osd.0 is 88 % full while the others have room.",
        (Change("ceph_osd_stat_bytes_used", Set(0.88 * OSD_BYTES), _ONE),),
        "CephOSDNearFull",
        within="18m",
    ),
    _scenario(
        "ceph-osd-slow",
        "An OSD is slow",
        "Operations of osd.0 take 40 ms.",
        tuple(Change(f"ceph_osd_op_{kind}_latency_sum", Rate(0.04 * OPERATIONS), _ONE) for kind in "rw"),
        "CephOSDLatencyHigh",
        within="18m",
    ),
    _scenario(
        "ceph-mgr-down",
        "Ceph's manager does not answer",
        "Nothing is known of Ceph's health.",
        (Down("ceph-mgr"),),
        "CephManagerSilent",
        within="6m",
    ),
    _scenario(
        "ceph-exporter-down",
        "Ceph's exporters do not answer",
        "Nothing is known of the OSDs' use and speed.",
        (Down("ceph-exporter"),),
        "CephExporterSilent",
        within="6m",
    ),
)
