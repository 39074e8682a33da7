"""What goes wrong with the control plane."""

from __future__ import annotations

from obs.simulate.exporters.control_plane import QUOTA
from obs.simulate.scenario import Change, Down, Observe, Rate, Scenario, Set


def _scenario(name: str, title: str, description: str, change: Change | Down, *, alert: str, within: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="control_plane",
        changes=(change,),
        alerts=(alert,),
        within=within,
    )


def _silent(exporter: str, title: str, description: str, alert: str) -> Scenario:
    return _scenario(f"{exporter}-down", title, description, Down(exporter), alert=alert, within="8m")


SCENARIOS = (
    _scenario(
        "apiserver-errors",
        "API requests fail",
        "A webhook is gone: one in three requests ends with an error of the server.",
        Change("apiserver_request_total", Rate(10), {"code": "500"}),
        alert="ApiServerErrorsHigh",
        within="20m",
    ),
    _scenario(
        "apiserver-slow",
        "The API server is slow",
        "etcd waits for its disk: requests for one object take 5 seconds.",
        Change("apiserver_request_sli_duration_seconds", Observe(5, per_minute=60), {"verb": "GET"}),
        alert="ApiServerSlow",
        within="20m",
    ),
    _scenario(
        "apiserver-old-certificates",
        "Certificates of clients expire",
        "Nobody renewed what kubeadm made a year ago: certificates of clients are valid for a day.",
        Change("apiserver_client_certificate_expiration_seconds", Observe(86400, per_minute=60)),
        alert="ClientCertificateExpiresSoon",
        within="25m",
    ),
    _scenario(
        "etcd-no-leader",
        "etcd has no leader",
        "Two of three members are gone: the last one elects nobody.",
        Change("etcd_server_has_leader", Set(0)),
        alert="EtcdNoLeader",
        within="4m",
    ),
    _scenario(
        "etcd-slow-disk",
        "etcd's disk is slow",
        "Another virtual machine writes to the same disk: a write of etcd takes 2 seconds.",
        Change("etcd_disk_wal_fsync_duration_seconds", Observe(2, per_minute=60)),
        alert="EtcdDiskSlow",
        within="20m",
    ),
    _scenario(
        "etcd-full",
        "etcd's database is full",
        "Thousands of Events and old revisions: the database has 90 % of its quota.",
        Change("etcd_mvcc_db_total_size_in_bytes", Set(0.9 * QUOTA)),
        alert="EtcdDatabaseFull",
        within="15m",
    ),
    _scenario(
        "coredns-errors",
        "DNS answers are errors",
        "The upstream servers do not answer: CoreDNS says SERVFAIL.",
        Change("coredns_dns_responses_total", Rate(10), {"rcode": "SERVFAIL"}),
        alert="CoreDNSErrorsHigh",
        within="20m",
    ),
    _silent("kube-apiserver", "The API server does not answer", "Nothing can be changed.", "ApiServerSilent"),
    _silent("etcd", "etcd does not answer", "Its metrics' port is gone, after a change of its flags.", "EtcdSilent"),
    _silent("kube-scheduler", "The scheduler is gone", "New pods get no node.", "SchedulerSilent"),
    _silent(
        "kube-controller-manager", "The controller manager is gone", "Jobs get no pods.", "ControllerManagerSilent"
    ),
    _silent("coredns", "CoreDNS does not answer", "No name of a Service is found.", "CoreDNSSilent"),
)
