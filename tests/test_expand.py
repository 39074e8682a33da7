"""Every object of a recording: the program's own, those of charts, and what cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_charts as tiny
from chart_programs import RELEASE, chart, expanded, resource

from components.charts import CHARTS, ChartPin
from obs import chart_cache, chart_orders, documents, helm
from obs.chart_archive import ChartUnavailable
from obs.expand import RenderedObject
from obs.protobuf import Secret

pytestmark = pytest.mark.usefixtures("tiny_world")
PIN = tiny.pin()
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  template:
    spec:
      containers:
      - image: {{ .Values.image | default "example/app:1" }}
"""


@pytest.fixture
def cached(tiny_world: None, tmp_path: Path) -> Path:  # noqa: ARG001 - the cache comes first
    """The tiny chart with a Deployment, cached from a directory; the archive it was taken from."""
    return tiny.cached(tmp_path, PIN, files={"templates/app.yaml": DEPLOYMENT})


def identities(objects: tuple[RenderedObject, ...]) -> list[tuple[str, ...]]:
    return [(o.component, o.origin, o.api_version, o.kind, o.namespace, o.name) for o in objects]


def test_the_programs_own_objects_are_its_kubernetes_resources() -> None:
    found = expanded(
        resource("pulumi:providers:kubernetes", "provider", {"kubeconfig": Secret("hunter2")}),
        resource("random:index/randomPassword:RandomPassword", "password", {"length": 32}),
        resource("core/v1:Namespace", "ns", {"metadata": {"name": "monitoring"}}),
        resource("dataops:observability:Metrics", "metrics", {}, custom=False),
        resource(
            "monitoring.coreos.com/v1:PrometheusRule", "r", {"metadata": {"name": "a", "namespace": "m"}, "spec": {}}
        ),
        resource("core/v1:ConfigMap", "unnamed", {"data": {"a": "b"}}, component=""),
        resource("core/v1:ConfigMap", "theirs", {}, options={"readId": "n/theirs"}),
    )
    assert identities(found.objects) == [
        ("metrics", "program", "v1", "Namespace", "", "monitoring"),
        ("metrics", "program", "monitoring.coreos.com/v1", "PrometheusRule", "m", "a"),
        ("program", "program", "v1", "ConfigMap", "", "unnamed"),
    ]
    assert found.charts == ()
    assert found.objects[2].parsed() == {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "unnamed"}, "data": {"a": "b"},
    }  # fmt: skip


def test_what_the_program_marks_as_secret_is_masked_everywhere() -> None:
    found = expanded(
        resource(
            "core/v1:Secret", "s", {"metadata": {"name": "s"}, "stringData": {"a": Secret("hunter2"), "b": "plain"}}
        ),
        resource("core/v1:ConfigMap", "c", {"metadata": {"name": "c"}, "data": {"a": Secret("hunter2"), "b": "plain"}}),
        chart(PIN, values={"password": Secret("hunter2")}),
    )
    assert [o.parsed().get("stringData") or o.parsed()["data"] for o in found.objects] == [
        {"a": "[secret]", "b": "plain"},
        {"a": "[secret]", "b": "plain"},
    ]
    assert found.charts[0].values == {"password": "[secret]"}
    assert "hunter2" not in repr(found)


@tiny.needs_helm
@pytest.mark.usefixtures("cached")
def test_a_chart_brings_its_objects_and_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_HELM", str(tiny.REAL_HELM))
    found = expanded(
        chart(PIN, values={"greeting": "salve"}),
        resource("core/v1:Pod", "p", {"metadata": {"name": "p"}, "spec": {"containers": [{"image": "own:2"}]}}),
    )
    assert identities(found.objects) == [
        ("metrics", "program", "v1", "Pod", "", "p"),
        ("metrics", "tiny", "v1", "ConfigMap", "n", "r-settings"),
        ("metrics", "tiny", "apps/v1", "Deployment", "n", "r"),
    ]
    (rendered,) = found.charts
    assert (rendered.name, rendered.version, rendered.release, rendered.namespace) == ("tiny", "1.2.3", "r", "n")
    assert (rendered.state, rendered.reason, rendered.objects) == ("rendered", "", 2)
    assert rendered.images == ("example/app:1",)
    assert found.images == ("example/app:1", "own:2")
    assert found.objects[1].parsed()["data"]["greeting"] == "salve"
    assert found.objects[1].text is not None
    assert found.objects[1].text.startswith("# Source: tiny/templates/config.yaml\n")


@tiny.needs_helm
@pytest.mark.usefixtures("cached")
def test_two_releases_of_one_chart_in_a_component_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_HELM", str(tiny.REAL_HELM))
    found = expanded(chart(PIN, "x"), chart(PIN, "y", name="z"), chart(PIN, "x", component="other", type_=RELEASE))
    assert [(c.component, c.origin, c.release) for c in found.charts] == [
        ("metrics", "tiny-x", "x"),
        ("metrics", "tiny-z", "z"),
        ("other", "tiny", "x"),
    ]
    assert [o.name for o in found.objects if o.origin == "tiny-z"] == ["z-settings", "z"]


def test_a_chart_that_cannot_be_had_is_named_and_the_rest_is_there() -> None:
    found = expanded(
        chart(PIN, values={"a": 1}),
        resource("core/v1:Namespace", "ns", {"metadata": {"name": "monitoring"}}),
        offline=False,
    )
    (missing,) = found.charts
    assert (missing.state, missing.values, missing.objects) == ("missing", {"a": 1}, 0)
    assert missing.reason.startswith("tiny 1.2.3: http://127.0.0.1:9/index.yaml is out of reach (")
    assert [o.name for o in found.objects] == ["monitoring"]
    with pytest.raises(ChartUnavailable, match=r"metrics: tiny 1\.2\.3: .* is out of reach"):
        expanded(chart(PIN), offline=False, require_charts=True)


@pytest.mark.usefixtures("cached")
def test_without_helm_every_chart_is_missing_with_that_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OBS_HELM")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    (missing,) = expanded(chart(PIN)).charts
    assert "install helm" in missing.reason
    with pytest.raises(ChartUnavailable, match="install helm"):
        expanded(chart(PIN), require_charts=True)


@pytest.mark.usefixtures("cached")
def test_a_chart_that_helm_refuses_stops_the_expansion_unless_it_keeps_going(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tiny.fake_helm(tmp_path / "bin" / "refuses", "echo 'nil pointer' >&2; exit 1")
    monkeypatch.setenv("OBS_HELM", str(program))
    with pytest.raises(helm.HelmFailed, match=r"chart tiny-1\.2\.3\.tgz, release r: nil pointer"):
        expanded(chart(PIN))
    (refused,) = expanded(chart(PIN), keep_going=True).charts
    assert (refused.state, refused.objects) == ("refused", 0)
    assert "nil pointer" in refused.reason


@pytest.mark.parametrize("kind", ["yaml/v2:ConfigGroup", "kustomize/v2:Directory", "helm.sh/v3:Chart"])
def test_a_resource_whose_objects_are_not_known_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=f"obs cannot tell the objects of kubernetes:{kind} 'x'"):
        expanded(resource(kind, "x", {}, custom=False))


def _real(monkeypatch: pytest.MonkeyPatch) -> list[ChartPin]:
    monkeypatch.setattr(chart_orders, "CHARTS", CHARTS)
    monkeypatch.setenv("OBS_CACHE_DIR", str(tiny.REAL_CACHE))
    monkeypatch.setenv("OBS_HELM", str(tiny.REAL_HELM))
    pins = [CHARTS[name] for name in ("kube-prometheus-stack", "prometheus-operator-crds")]
    if missing := [str(row.pin) for row in chart_cache.verify(pins) if row.state == chart_cache.State.MISSING]:
        pytest.skip(f"not in the cache: {', '.join(missing)} (obs charts pull)")
    return pins


@pytest.mark.charts
@tiny.needs_helm
def test_the_real_charts_render_with_every_name_read_from_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, crds = _real(monkeypatch)
    found = expanded(chart(stack, "kps"), chart(crds, "crds", type_=RELEASE), memo=False)
    assert [(c.name, c.state) for c in found.charts] == [(stack.name, "rendered"), (crds.name, "rendered")]
    definitions = [o for o in found.objects if o.kind == "CustomResourceDefinition"]
    assert len(definitions) == 10
    assert all(o.name.endswith(".monitoring.coreos.com") for o in definitions)
    for o in found.objects:
        manifest = o.parsed()
        meta = manifest["metadata"]
        stated = (manifest["apiVersion"], manifest["kind"], meta.get("namespace") or "", meta["name"])
        assert stated == (o.api_version, o.kind, o.namespace, o.name)
    assert any("prometheus-config-reloader:v" in image for image in found.images)
    assert any(image.startswith("quay.io/prometheus/prometheus:v") for image in found.images)
    secrets = [documents.load(o.text or "") for o in found.objects if o.kind == "Secret"]
    assert {v for s in secrets for v in (s.get("data") or s.get("stringData") or {}).values()} == {"[secret]"}
