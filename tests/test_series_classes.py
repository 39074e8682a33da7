"""Each series is of exactly one retention class, by either way of telling it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rendered_stacks import manifest, rendered
from stack_settings import settings
from stacks import NEED_NO_EXPORTER

from components.origin import ORIGIN_LABEL, OTLP, PUSHED
from components.series_classes import CLASS_LABEL, DEFAULT_CLASS, class_queues, class_relabeling, of_stack
from model.system import RetentionClass, SeriesClass

APPLICATION, BUSINESS = RetentionClass.APPLICATION, RetentionClass.BUSINESS
Labels = dict[str, str]


def relabeled(steps: Sequence[Mapping[str, Any]], labels: Labels) -> Labels | None:
    """What Prometheus makes of a series (model/relabel); None where it drops it."""
    found = dict(labels)
    for step in steps:
        value = ";".join(found.get(label, "") for label in step.get("sourceLabels", ()))
        matches = re.fullmatch(step["regex"], value, re.DOTALL) is not None
        match step.get("action", "replace"):
            case "replace" if matches:
                found[step["targetLabel"]] = step["replacement"]
            case "labeldrop":
                found = {name: v for name, v in found.items() if re.fullmatch(step["regex"], name) is None}
            case "keep" if not matches:
                return None
            case "drop" if matches:
                return None
    return found


def expected(classes: Mapping[RetentionClass, SeriesClass], labels: Labels) -> RetentionClass:
    """The promise: the last class with the name, else the last with the job, else how it came, else the default."""
    by_name = [name for name, series in classes.items() if labels["__name__"] in series.records]
    by_job = [name for name, series in classes.items() if labels.get("job") in series.jobs]
    came = [APPLICATION] if labels.get(ORIGIN_LABEL) in (OTLP, PUSHED) else []
    return (by_name or by_job or came or [DEFAULT_CLASS])[-1]


# Few letters, so that generated series and classes meet; all that mean something in a regular expression.
WORDS = st.text("ab.|*()[]+?^$\\{}-:", min_size=1, max_size=3)
WORD_LISTS = st.lists(WORDS, max_size=3).map(tuple)
SERIES_CLASSES = st.builds(SeriesClass, jobs=WORD_LISTS, records=WORD_LISTS)
CLASSES = st.fixed_dictionaries({APPLICATION: SERIES_CLASSES, BUSINESS: SERIES_CLASSES})
SERIES = st.fixed_dictionaries(
    {"__name__": WORDS},
    optional={
        "job": WORDS,
        CLASS_LABEL: st.sampled_from(["business"]),
        ORIGIN_LABEL: st.sampled_from([OTLP, PUSHED, "x"]),
    },
)


@given(CLASSES, SERIES)
def test_a_series_gets_one_class(classes: dict[RetentionClass, SeriesClass], labels: Labels) -> None:
    found = relabeled(class_relabeling(classes), labels)
    assert found is not None
    assert found.pop(CLASS_LABEL, DEFAULT_CLASS) == expected(classes, labels)
    assert found == {name: value for name, value in labels.items() if name != CLASS_LABEL}


@given(CLASSES, WORDS)
def test_a_recorded_series_goes_through_one_queue(classes: dict[RetentionClass, SeriesClass], name: str) -> None:
    labels = {"__name__": name}
    taken = [its for its, steps in class_queues(classes).items() if relabeled(steps, labels) is not None]
    by_name = {its: SeriesClass(records=series.records) for its, series in classes.items()}
    assert taken == [expected(by_name, labels)]


def test_names_of_metrics_and_jobs_are_read_as_they_stand() -> None:
    series = SeriesClass(jobs=("spark.driver", "argocd-server"), records=("slo:attainment:ratio",))
    *_, jobs, names = class_relabeling({BUSINESS: series})
    assert jobs["regex"] == r"spark\.driver|argocd-server"
    assert names["regex"] == "slo:attainment:ratio"


def test_the_rulers_queues_set_no_label() -> None:
    """Thanos 0.42 panics where the ruler's remote write relabels with `replace`."""
    steps = [s for q in class_queues({BUSINESS: SeriesClass(records=("slo:x",))}).values() for s in q]
    assert {step["action"] for step in steps} == {"keep", "drop"}


def test_what_exporters_say_of_others_is_of_the_applications() -> None:
    exporters: dict[str, object] = {
        "statsd": {},
        "redis": {"cache": {"address": "cache:6379"}},
        "blackbox": {"targets": {"portal": "https://portal.example.com/"}},
        "oracle": {"hr": {"connectString": "db:1521/HR", "existingSecret": "login"}},
        "pushgateway": {},
    }
    classes = of_stack(settings(exporters=exporters, systems=NEED_NO_EXPORTER), {BUSINESS: SeriesClass()})
    steps = class_relabeling(classes)
    for job in ("airflow-statsd", "redis", "blackbox", "oracle"):
        assert (relabeled(steps, {"__name__": "up", "job": job}) or {})[CLASS_LABEL] == "application"
    itself = {"__name__": "up", "job": "blackbox-exporter"}
    assert relabeled(steps, itself) == itself
    none = of_stack(settings(exporters={}, systems=NEED_NO_EXPORTER), {})
    assert none[APPLICATION].jobs == ()


def test_what_applications_send_or_push_says_how_it_came_whatever_its_job() -> None:
    run_, expansion = rendered("prod", {"exporters": {"pushgateway": {}}, "systems": {"kubernetes": {}}})
    monitors = {o.name: o.parsed()["spec"]["endpoints"] for o in expansion.objects if o.kind == "ServiceMonitor"}
    (applications,) = [one for one in monitors["otel-sampler"] if one["port"] == "prometheus"]
    (pushed,) = monitors["pushgateway"]
    for endpoint, came in ((applications, OTLP), (pushed, PUSHED)):
        assert endpoint["honorLabels"] is True
        assert {"targetLabel": ORIGIN_LABEL, "replacement": came} in endpoint["relabelings"]
    prometheus = manifest(expansion, "Prometheus", "kube-prometheus-stack-prometheus")
    (queue,) = prometheus["spec"]["remoteWrite"]
    sent = relabeled(queue["writeRelabelConfigs"], {"__name__": "orders", "job": "shop/checkout", ORIGIN_LABEL: OTLP})
    assert sent is not None
    assert sent[CLASS_LABEL] == "application"
    assert run_.settings.thanos_mode == "receive"
