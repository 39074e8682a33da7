"""Where the parts of the control plane are scraped: monitors and Services of kube-prometheus-stack.

Names, ports and job labels: its templates/exporters/*/service.yaml and servicemonitor.yaml at 88.5.3. The API server
has the Service that Kubernetes itself makes (``default/kubernetes``), whose label ``component`` names the job.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.scrape import Endpoint, Scrape, ScrapeKind


@dataclass(frozen=True, kw_only=True)
class Source:
    """``setting`` is the field of the system's settings that switches it, ``values`` the key of the chart's values."""

    setting: str
    values: str
    job: str
    contract: str
    port: str = "http-metrics"
    secure: bool = False

    def scrape(self) -> Scrape:
        scheme = "https" if self.secure else "http"
        endpoint = Endpoint(port=self.port, contract=self.contract, scheme=scheme)  # type: ignore[arg-type]
        return Scrape(name=self.contract, kind=ScrapeKind.PART, job=self.job, endpoints=(endpoint,))


API_SERVER = Source(
    setting="apiserver", values="kubeApiServer", job="apiserver", contract="kube-apiserver", port="https", secure=True
)
ETCD = Source(setting="etcd", values="kubeEtcd", job="kube-etcd", contract="etcd")
SCHEDULER = Source(
    setting="scheduler", values="kubeScheduler", job="kube-scheduler", contract="kube-scheduler", secure=True
)
CONTROLLER_MANAGER = Source(
    setting="controller_manager",
    values="kubeControllerManager",
    job="kube-controller-manager",
    contract="kube-controller-manager",
    secure=True,
)
COREDNS = Source(setting="coredns", values="coreDns", job="coredns", contract="coredns")
KUBE_PROXY = Source(setting="kube_proxy", values="kubeProxy", job="kube-proxy", contract="kube-proxy")
SOURCES = (API_SERVER, ETCD, SCHEDULER, CONTROLLER_MANAGER, COREDNS, KUBE_PROXY)
