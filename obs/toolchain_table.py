"""Every program that obs builds or looks for: what it is compiled from, and how it says its version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from components.charts import cache_dir
from obs.errors import ObsError

MODULES = Path(__file__).resolve().parent.parent / "tools"
_COMPONENT = "k8s.io/component-base/version"
# Without these kube-apiserver says v0.0.0-master and kubectl refuses to talk to it.
_KUBERNETES = (
    f"{_COMPONENT}.gitVersion=v{{version}}",
    f"{_COMPONENT}.gitMajor={{major}}",
    f"{_COMPONENT}.gitMinor={{minor}}",
    f"{_COMPONENT}.gitTreeState=clean",
)
_COMMON = ("github.com/prometheus/common/version.Version={version}",)
_LOKI = "github.com/grafana/loki/v3"
_ETCD = "go.etcd.io/etcd/server/v3"
_K8S, _OPERATOR = "k8s.io/kubernetes", "github.com/prometheus-operator/prometheus-operator"
_PROMETHEUS, _ALERTMANAGER = "github.com/prometheus/prometheus", "github.com/prometheus/alertmanager"
# Service discovery of clouds left out: it is most of what Prometheus compiles, and nothing here has a cloud.
_PROMETHEUS_TAGS = "netgo,remove_all_sd,enable_kubernetes_sd,enable_dns_sd"
# The tags of thanos' own releases. Without slicelabels every gRPC answer panics: thanos reads the labels of a message
# as those of Prometheus in place, which only that representation allows (pkg/store/labelpb).
_THANOS_TAGS = "netgo,slicelabels"


class ToolMissing(ObsError):
    """A tool that is neither on PATH nor built, or whose build failed; the message says what to install."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """One program.

    ``module`` is its folder below tools/, ``pin`` the Go module in that go.mod whose version is the tool's,
    ``package`` what is compiled ("" for kubectl, which a Python package brings), ``stamps`` the -X linker flags
    that tell the program its version, ``ask`` the arguments to which it prints it. ``seconds`` is its build after
    the tools before it in the table, from empty caches, with downloads, on two cores that had other work too
    (load 3-6, for those that come later 3-10; November 2026: the local ones took 738 s with 1015 s of processor time).
    otelcol and statsd_exporter are in proportion to what was built beside them at a higher load: 1997 s to the 2383 s
    of kube-apiserver, 23 s to the 154 s of blackbox_exporter.
    """

    name: str
    module: str
    pin: str
    package: str
    seconds: int
    stamps: tuple[str, ...] = ()
    tags: str = ""
    ask: tuple[str, ...] = ("--version",)
    # helm only: any version from this on will do, and a variable may name the program.
    oldest: tuple[int, int] | None = None
    variable: str = ""
    # alertmanager only: a file that `go:embed` wants and that the published module lacks.
    embeds: str = ""

    @property
    def version(self) -> str:
        """The pinned version as the program says it: 1.36.4. Raises ToolMissing where go.mod has no such pin."""
        return pinned_version(MODULES / self.module / "go.mod", self.pin)

    @property
    def built(self) -> Path:
        """Where the built program is or would be: other pins or other flags make another folder."""
        return cache_dir() / "tools" / f"{self.module}-{_fingerprint(MODULES / self.module)}" / self.name

    @property
    def wanted(self) -> str:
        if self.oldest:
            return f"{self.name} {'.'.join(map(str, self.oldest))} or later"
        return f"{self.name} {self.version}"


def _kubernetes(name: str, seconds: int) -> Tool:
    package = f"{_K8S}/cmd/{name}"
    return Tool(name=name, module="kubernetes", pin=_K8S, package=package, seconds=seconds, stamps=_KUBERNETES)


def _operator(name: str, command: str, seconds: int) -> Tool:
    package = f"{_OPERATOR}/cmd/{command}"
    return Tool(name=name, module="kubernetes", pin=_OPERATOR, package=package, seconds=seconds, stamps=_COMMON)


def _common(name: str, package: str, seconds: int, *, tags: str = "") -> Tool:
    """A program ``HOST/OWNER/MODULE[/cmd/NAME]`` that keeps its version in prometheus/common, as most of them do."""
    pin, _, _ = package.partition("/cmd/")
    module = pin.rpartition("/")[2]
    return Tool(name=name, module=module, pin=pin, package=package, seconds=seconds, stamps=_COMMON, tags=tags)


_LOCAL = (
    _kubernetes("kube-apiserver", 192),
    Tool(
        name="etcd",
        module="kubernetes",
        pin=_ETCD,
        package=_ETCD,
        seconds=7,
    ),
    _kubernetes("kube-controller-manager", 63),
    _kubernetes("kube-scheduler", 5),
    _operator("prometheus-operator", "operator", 29),
    _operator("prometheus-config-reloader", "prometheus-config-reloader", 4),
    Tool(name="kubectl", module="kubernetes", pin=_K8S, package="", seconds=0, ask=("version", "--client")),
    Tool(
        name="kwok",
        module="kwok",
        pin="sigs.k8s.io/kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        seconds=56,
        stamps=("sigs.k8s.io/kwok/pkg/consts.Version=v{version}",),
    ),
    _common("prometheus", f"{_PROMETHEUS}/cmd/prometheus", 180, tags=_PROMETHEUS_TAGS),
    _common("promtool", f"{_PROMETHEUS}/cmd/promtool", 6, tags=_PROMETHEUS_TAGS),
    replace(_common("alertmanager", f"{_ALERTMANAGER}/cmd/alertmanager", 53), embeds="ui/app/dist/index.html"),
    _common("amtool", f"{_ALERTMANAGER}/cmd/amtool", 2),
    Tool(
        name="helm",
        module="helm",
        pin="helm.sh/helm/v4",
        package="helm.sh/helm/v4/cmd/helm",
        seconds=141,
        # Without it helm calls itself v4.3, and charts that ask for a patch version refuse.
        stamps=("helm.sh/helm/v4/internal/version.version=v{version}",),
        ask=("version", "--short"),
        oldest=(3, 14),
        variable="OBS_HELM",
    ),
    # A program of our own with the few components that are used; it takes its version from the build.
    Tool(name="otelcol", module="otelcol", pin="go.opentelemetry.io/collector/otelcol", package=".", seconds=160),
    _common("thanos", "github.com/thanos-io/thanos/cmd/thanos", 208, tags=_THANOS_TAGS),
)
_OPTIONAL = (
    Tool(
        name="loki",
        module="loki",
        pin=_LOKI,
        package=f"{_LOKI}/cmd/loki",
        seconds=479,
        stamps=(f"{_LOKI}/pkg/util/build.Version={{version}}",),
    ),
)
_MORE = (
    Tool(
        name="kubeconform",
        module="kubeconform",
        pin="github.com/yannh/kubeconform",
        package="github.com/yannh/kubeconform/cmd/kubeconform",
        seconds=3,
        stamps=("main.version=v{version}",),
        ask=("-v",),
    ),
    _common("statsd_exporter", "github.com/prometheus/statsd_exporter", 13),
    _common("blackbox_exporter", "github.com/prometheus/blackbox_exporter", 84),
    _common("node_exporter", "github.com/prometheus/node_exporter", 60),
    _common("pushgateway", "github.com/prometheus/pushgateway", 63),
    Tool(
        name="redis_exporter",
        module="redis_exporter",
        pin="github.com/oliver006/redis_exporter",
        package="github.com/oliver006/redis_exporter",
        seconds=33,
        stamps=("main.BuildVersion=v{version}",),
    ),
    Tool(
        name="kube-state-metrics",
        module="kube-state-metrics",
        pin="k8s.io/kube-state-metrics/v2",
        package="k8s.io/kube-state-metrics/v2",
        seconds=180,
        stamps=_COMMON,
        ask=("version",),
    ),
    # A program of our own around the parser of Alloy, which as a whole pulls in 1,200 modules.
    Tool(name="alloysyntax", module="alloysyntax", pin="github.com/grafana/alloy/syntax", package=".", seconds=5),
    # The same of Tempo, which as a whole takes 1,000 modules.
    Tool(name="traceqlsyntax", module="traceqlsyntax", pin="github.com/grafana/tempo", package=".", seconds=13),
    # And of Loki, whose parser takes half of it: 5 s where loki was built before it.
    Tool(name="logqlsyntax", module="loki", pin=_LOKI, package="./logqlsyntax", seconds=120),
    # Writes a day of half a million series for `make bench-load`, which no scrape has time for.
    Tool(name="tsdbload", module="history", pin=_PROMETHEUS, package="./tsdbload", seconds=167),
    # Evaluates the rules over two weeks for `make bench-alerts`: promtool takes all of it at once, as text.
    Tool(name="rulereplay", module="history", pin=_PROMETHEUS, package="./rulereplay", seconds=61),
)
TOOLS: dict[str, Tool] = {tool.name: tool for tool in (*_LOCAL, *_OPTIONAL, *_MORE)}
LOCAL: tuple[str, ...] = tuple(tool.name for tool in _LOCAL)
"""What a local platform and its tests need."""
OPTIONAL: tuple[str, ...] = tuple(tool.name for tool in _OPTIONAL)
"""What a local platform runs where it can be had; its pods are simulated otherwise."""


@cache
def _pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\s*(?:require\s+)?(\S+)\s+v(\S+)", text, re.MULTILINE))


def pinned_version(go_mod: Path, pin: str) -> str:
    """The version of a module in a go.mod, without v. Raises ToolMissing where it has none."""
    version = _pins(go_mod.read_text()).get(pin)
    if version is None:
        raise ToolMissing(f"{go_mod}: no version of {pin} in it")
    if pin == _PROMETHEUS:  # Go modules of Prometheus 3.15.0 are v0.315.0: a v3 would need another import path
        _, minor, patch = version.split(".")
        return f"{int(minor) // 100}.{int(minor) % 100}.{patch}"
    return version


def go_version() -> str:
    """The Go that the modules ask for at least: 1.26."""
    asked = re.findall(r"^go (\d+)\.(\d+)", "\n".join(p.read_text() for p in MODULES.glob("*/go.mod")), re.MULTILINE)
    return ".".join(map(str, max((int(major), int(minor)) for major, minor in asked)))


def _fingerprint(module: Path) -> str:
    """Of everything in the module's folder, and of how the table builds its tools."""
    recipes = [(t.name, t.package, t.stamps, t.tags, t.embeds) for t in TOOLS.values() if t.module == module.name]
    digest = hashlib.sha256(repr(recipes).encode())
    for path in sorted(p for p in module.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(module)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def build_time(tools: Iterable[Tool]) -> str:
    """How long their builds take together, as text."""
    seconds = sum(tool.seconds for tool in tools)
    text = f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} minutes"
    return f"about {text} on 2 cores, once"
