"""What goes wrong with the mesh."""

from __future__ import annotations

from obs.simulate.exporters.istio import DAY, REQUESTS_PER_MINUTE
from obs.simulate.scenario import Change, Down, Observe, Scenario, Set, Step


def _scenario(
    name: str, title: str, description: str, changes: tuple[Change | Down, ...], alert: str, *, within: str
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="istio",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "mesh-errors",
        "A workload of the mesh answers with errors",
        "A release cannot reach its database: every fifth answer is 503.",
        (Change("istio_requests_total", Step(REQUESTS_PER_MINUTE / 4, "1m"), {"response_code": "503"}),),
        "MeshErrorsHigh",
        within="12m",
    ),
    _scenario(
        "istio-rejects",
        "Proxies reject their configuration",
        "An EnvoyFilter does not fit the new version of the proxies.",
        (Change("pilot_total_xds_rejects", Step(3, "1m"), {"type": "lds"}),),
        "IstioConfigRejected",
        within="15m",
    ),
    _scenario(
        "istio-slow",
        "Proxies follow changes late",
        "istiod has too little CPU for the many services that were added.",
        (Change("pilot_proxy_convergence_time", Observe(30.0, 60.0)),),
        "IstioConvergenceSlow",
        within="18m",
    ),
    _scenario(
        "istio-root",
        "The mesh's root certificate expires",
        "Nobody thought of the root certificate that was made ten years ago.",
        (Change("citadel_server_root_cert_expiry_seconds", Set(20 * DAY)),),
        "IstioRootCertificateExpires",
        within="65m",
    ),
    _scenario(
        "istiod-down",
        "istiod does not answer",
        "Its pod does not start.",
        (Down("istiod"),),
        "IstiodSilent",
        within="6m",
    ),
    _scenario(
        "istio-proxies-down",
        "No proxy gives metrics",
        "A network policy closed their port.",
        (Down("istio-gateway"), Down("istio-sidecar")),
        "IstioProxiesSilent",
        within="6m",
    ),
)
