"""Parts of obs diff by themselves: gates, cutting, routing, thresholds, masks, and snapshots from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from obs.check.rendered import Rendered
from obs.diff.base import other_side
from obs.diff.entry import Entry, Level
from obs.diff.gates import GateError, checked, stopped
from obs.diff.masking import masked
from obs.diff.promql import condition, grouped_by, names
from obs.diff.report import json as json_form
from obs.diff.report import markdown
from obs.diff.report.model import fitted, report
from obs.diff.routes import Routes
from obs.diff.snapshot import Snapshot, SnapshotError, dumps, loads
from obs.diff.sources import SourceError, of_folder, of_preview, of_state, steps
from obs.expand import RenderedObject
from obs.write import write_rendering

SECRET = "value-that-must-not-be-shown"
SIGNED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": f'"{SECRET}"'}


def thing(kind: str, name: str, **body: object) -> RenderedObject:
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "m"}, **body}
    return RenderedObject(
        component="c", origin="program", api_version="v1", kind=kind, namespace="m", name=name, manifest=manifest
    )


def snapshot(*objects: RenderedObject, **fields: object) -> Snapshot:
    return replace(Snapshot(stack="s", source="here", objects=objects), **fields)  # type: ignore[arg-type]


ALERT = {"alert": "Full", "expr": "x > 0.85", "for": "5m", "labels": {"severity": "high", "component": "disk"}}
ROUTES = {
    "route": {
        "receiver": "rest",
        "routes": [
            {"receiver": "pager", "matchers": ['severity="critical"'], "continue": True},
            {"receiver": "chat", "matchers": ['severity=~"critical|high"', 'component!="cpu"']},
        ],
    },
    "receivers": [{"name": "rest"}, {"name": "pager"}, {"name": "chat", "slack_configs": [{"channel": "#a"}]}],
}


def alerting(routes: object = ROUTES) -> RenderedObject:
    return thing("Secret", "alertmanager-config", stringData={"alertmanager.yaml": yaml.safe_dump(routes)})


def rule(**changes: object) -> RenderedObject:
    return thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": [{**ALERT, **changes}]}]})


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"severity": "critical", "component": "disk"}, ("pager", "chat")),
        ({"severity": "critical", "component": "cpu"}, ("pager",)),
        ({"severity": "high", "component": "disk"}, ("chat",)),
        ({"severity": "low"}, ("rest",)),
    ],
)
def test_routing_is_evaluated_as_alertmanager_does(labels: dict[str, str], told: tuple[str, ...]) -> None:
    assert Routes(Rendered(snapshot(alerting()).expansion)).told("Full", labels) == told


def test_a_threshold_is_told_with_who_hears_of_it() -> None:
    labels = {"severity": "critical", "component": "disk"}
    found = report(snapshot(alerting(), rule()), snapshot(alerting(), rule(expr="x > 0.8", labels=labels)))
    (entry,) = found.meaning
    assert entry.text == "threshold 0.85 → 0.8; severity high → critical; told chat → chat, pager"


@pytest.mark.parametrize(
    ("expression", "op", "threshold"),
    [
        ("a / b > 0.9", ">", 0.9),
        ('sum by (x) (a{b=~"c > 2"} > 1) <= 5 and d > 3', "<=", 5.0),
        ("a == bool 0", "==", 0.0),
    ],
)
def test_the_threshold_of_an_expression_is_found(expression: str, op: str, threshold: float) -> None:
    found = condition(expression)
    assert found is not None
    assert (found.op, found.threshold) == (op, threshold)


def test_an_expression_without_a_threshold_has_none() -> None:
    assert condition("absent(up)") is None
    assert names('rate(a:b:c{job="d"}[5m]) / on (e) f') >= {"a:b:c", "f"}
    assert grouped_by("sum by (cluster, pod) (x)") == ("cluster", "pod")


def test_a_snapshot_reads_as_it_was_written() -> None:
    given = snapshot(rule(), secrets={"a": None}, allowed=("restart x",))
    assert loads(dumps(given)) == given
    with pytest.raises(SnapshotError, match="format 99"):
        loads(dumps(given).replace('"format": 1', '"format": 99'))
    with pytest.raises(SnapshotError, match="not a snapshot"):
        loads("[]")


def test_nothing_secret_is_in_a_snapshot_of_a_state() -> None:
    inputs = {**(thing("Secret", "k", stringData={"password": SECRET}).manifest or {}), "data": SIGNED}
    state = {"deployment": {"resources": [{"type": "kubernetes:core/v1:Secret", "urn": "u::t::n", "inputs": inputs}]}}
    found = of_state(json.dumps(state), "s", "file")
    assert [one.name for one in found.objects] == ["k"]
    assert SECRET not in dumps(found)


def test_lines_that_authenticate_are_masked_in_what_stays_readable() -> None:
    text = f"a:\n  smtp_auth_password: {SECRET}\n  smtp_auth_password_file: /etc/x\n  api_url: {SECRET}\n"
    found = masked({"kind": "Secret", "stringData": {"alertmanager.yaml": text}})
    assert SECRET not in str(found)
    assert "smtp_auth_password_file: /etc/x" in found["stringData"]["alertmanager.yaml"]


def test_a_folder_of_a_rendering_is_compared(tmp_path: Path) -> None:
    given = snapshot(rule(), alerting())
    write_rendering(tmp_path / "out", given.expansion)
    assert report(of_folder(tmp_path / "out", "s"), given).empty
    assert not report(of_folder(tmp_path / "out", "s"), snapshot(rule(expr="x > 1"), alerting())).empty
    with pytest.raises(SourceError, match="obs render s --out"):
        of_folder(tmp_path, "s")


def test_a_revision_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no-such-revision"):
        other_side("no-such-revision", "prod", tmp_path)


PREVIEW = {
    "steps": [
        {
            "op": "replace",
            "urn": "urn:pulumi:s::p::t$kubernetes:core/v1:PersistentVolumeClaim::c",
            "replaceReasons": ["spec.storageClassName"],
            "oldState": {"inputs": thing("PersistentVolumeClaim", "c", spec={"storageClassName": "a"}).manifest},
            "newState": {"inputs": thing("PersistentVolumeClaim", "c", spec={"storageClassName": "b"}).manifest},
        },
        {"op": "same", "urn": "urn:x", "newState": {}},
    ]
}


def test_a_preview_gives_both_sides_and_the_reasons_of_the_engine() -> None:
    text = json.dumps(PREVIEW)
    found = report(*of_preview(text, "s", "p.json"), steps(text, "p.json"))
    assert found.objects[0].operation == "replace (spec.storageClassName)"
    assert [entry.name for entry in found.risks] == ["replace PersistentVolumeClaim m/c"]
    alone = report(snapshot(), snapshot(), steps(text, "p.json"))
    assert "says the engine: spec.storageClassName" in alone.risks[0].text
    with pytest.raises(SourceError, match="not a preview"):
        steps("{}", "p.json")


def test_what_the_settings_allow_stops_nothing() -> None:
    before, after = snapshot(thing("PersistentVolumeClaim", "c", spec={})), snapshot()
    found = report(before, after)
    assert found.level is Level.HIGH
    assert stopped(found, ["risk=high", "risk=low", "delete", "secret", "change"]) == [
        "risk=high", "risk=low", "delete", "change",
    ]  # fmt: skip
    allowed = report(before, replace(after, allowed=("delete PersistentVolumeClaim m/c",)))
    assert stopped(allowed, ["risk=low", "delete"]) == []
    assert allowed.risks[0].approved
    stale = report(before, replace(before, allowed=("delete PersistentVolumeClaim m/c",)))
    assert any("which nothing of this change needs" in note for note in stale.notes)


def test_a_gate_that_there_is_not_is_refused() -> None:
    with pytest.raises(GateError, match="--fail-on rsik=high"):
        checked(["rsik=high"])


def test_a_report_is_cut_from_the_bottom_and_counts_what_goes() -> None:
    many = [thing("ConfigMap", f"c{n}", data={"k": "`x`\n" * 300}) for n in range(400)]
    found = report(snapshot(thing("PersistentVolumeClaim", "c", spec={})), snapshot(*many))
    for render in (markdown.render, json_form.render):
        text = fitted(found, render, 20_000)
        assert len(text.encode()) <= 20_000
        assert "delete" in text
    assert re.search(r"Left out to fit: \d+ objects", fitted(found, markdown.render, 20_000))
    assert json.loads(fitted(found, json_form.render, 20_000))["cut"]["objects"] > 300


def test_markdown_is_not_made_by_what_is_reported() -> None:
    entry = Entry(
        topic="alerts", subject="a_b*c", text="`x_y` <script> [l](u) a|b &lt; https://x/y_z", level=Level.NONE
    )
    text = markdown.render(replace(report(snapshot(), snapshot()), meaning=(entry,)))
    assert r"**a\_b\*c**: `x_y` &lt;script\> \[l\](u) a&#124;b &amp;lt; <https://x/y_z>" in text


def test_a_host_without_html_gets_short_diffs_and_the_names_of_all_objects() -> None:
    short, long = thing("ConfigMap", "short", data={"k": "v"}), thing("ConfigMap", "long", data={"k": "x\n" * 60})
    entry = Entry(topic="alerts", subject="A", text="t", why="w")
    found = replace(report(snapshot(), snapshot(short, long)), meaning=(entry,))
    text = markdown.render(found, folded=False, explain=True, brief=True)
    assert "<details>" not in text
    assert "- **A**: t\n    - why: w\n" in text  # Python-Markdown nests from four spaces on
    assert all(f"ConfigMap m/{name} added" in text for name in ("short", "long"))
    assert text.count("```diff") == 1
    assert "Longer diffs are left out" in text
    whole = markdown.render(found, folded=False)
    assert whole.count("```diff") == 2
    assert "Longer diffs" not in whole


def test_permissions_are_told_where_they_grow_and_not_where_they_shrink() -> None:
    def bound(*verbs: str) -> Snapshot:
        role = thing("Role", "r", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": list(verbs)}])
        reference = {"kind": "Role", "name": "r"}
        binding = thing("RoleBinding", "b", roleRef=reference, subjects=[{"kind": "ServiceAccount", "name": "a"}])
        return snapshot(role, binding)

    found = report(bound("get"), bound("get", "delete"))
    assert [entry.text for entry in found.risks] == ["may do more: delete secrets in m"]
    assert report(bound("get", "delete"), bound("get")).risks == ()
    assert report(bound("*"), bound("get", "delete")).risks == ()


def rules(*names: str, evaluator: str = "prometheus", resources: Sequence[str] = ()) -> Snapshot:
    """Alerts of those names, and one record for each resource."""
    alerts = [{"alert": name, "expr": "a > 1", "labels": {"severity": "high"}} for name in names]
    records = [{"record": "days:full", "expr": f"x_{one}", "labels": {"resource": one}} for one in resources]
    metadata = {"name": "r", "namespace": "m", "labels": {"dataops.io/evaluated-by": evaluator}}
    groups = [{"name": "g", "rules": [*alerts, *records]}]
    return snapshot(thing("PrometheusRule", "r", metadata=metadata, spec={"groups": groups}))


def test_what_changes_in_one_way_shares_a_line_and_is_counted() -> None:
    found = report(rules("A", "B", "C"), rules("A", "B", "C", evaluator="thanos-ruler"))
    text = "evaluated by prometheus → thanos-ruler: A, B, C"
    assert [(entry.subject, entry.text) for entry in found.meaning] == [("3 alerts", text)]
    assert "3 alerts" in found.headline
    few = report(rules("A", "B"), rules("A", "B", evaluator="thanos-ruler"))
    assert [entry.subject for entry in few.meaning] == ["A", "B"]


def test_records_of_one_series_are_told_apart_by_their_labels() -> None:
    found = report(rules(resources=["ceph", "s3", "nas"]), rules(resources=["s3", "nas"]))
    assert [(entry.subject, entry.text) for entry in found.meaning] == [("days:full{resource=ceph}", "removed")]
    moved = report(rules(resources="abc"), rules(resources="abc", evaluator="thanos-ruler"))
    assert [entry.subject for entry in moved.meaning] == ["3 recording rules"]
