"""A snapshot of a stack that this process can run."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import contracts
from model.contract import exposed_names
from model.quantity import seconds
from obs import documents
from obs.check.run import check_run
from obs.diff.masking import masked
from obs.diff.rules import named, recorded
from obs.diff.snapshot import Snapshot
from obs.diff.stack_file import stack_settings
from obs.expand import RenderedObject
from obs.image_lock import IMAGE_LOCK, listed, read
from obs.images import users
from obs.record import redacted
from obs.run import StackRun
from plan import Plan
from settings import Settings


def take(run: StackRun, project: Path, source: str, *, check: bool = True) -> Snapshot:
    """Everything that is compared. ``source`` says in words what was run. Errors as for :func:`obs.expand.expand`.

    Without ``check`` there are no findings: the checks want the program of this very process.
    """
    expansion = run.expanded(offline=True, build_helm=False, keep_going=True)
    checked = check_run(run, expansion, project) if check else None
    images = listed(users(expansion), read(project / IMAGE_LOCK), run.settings.image_registry)
    values, lines, secrets = stack_settings(project, run.stack)
    return Snapshot(
        stack=run.stack,
        source=source,
        objects=tuple(map(_masked, expansion.objects)),
        charts=tuple(replace(chart, values={}) for chart in expansion.charts),
        systems=tuple(system.name for system in run.plan.systems),
        definitions={**dict(_definitions(run.plan)), **dict(_outputs())},
        objectives=_objectives(run.plan),
        settings=values,
        lines=lines,
        secrets={key: secrets.get(key) for key in run.settings.secret_keys} | _generated(run),
        findings=tuple(finding.to_dict() for finding in checked.findings) if checked else None,
        unlocked=tuple(str(image["name"]) for image in images if not image["locked"]),
        stored=_stored(run.plan),
        outputs=json.loads(json.dumps(redacted(run.recording.outputs), default=str)),
        outputs_schema=_schema(),
        allowed=_allowed(run.settings),
        partial=checked.skipped if checked else (),
    )


def _schema() -> dict[str, Any] | None:
    """None for a revision whose outputs have no typed definition yet: this code may run on an older program."""
    try:
        from components.outputs import outputs_schema
    except ImportError:
        return None
    return outputs_schema()


def _allowed(settings: Settings) -> tuple[str, ...]:
    risks: tuple[str, ...] = getattr(settings, "allow_risks", ())  # an older program has none
    return (*risks, *(f"replace {name}" for name in settings.allow_replacements))


def _generated(run: StackRun) -> dict[str, str]:
    """Passwords that the engine makes: another input makes another one. The name ends in ``(generated)``."""
    return {
        f"{resource.name} (generated)": hashlib.sha256(str(redacted(resource.inputs)).encode()).hexdigest()[:12]
        for resource in run.recording.resources
        if resource.type.startswith("random:")
    }


def _masked(one: RenderedObject) -> RenderedObject:
    # Of charts the Secrets are masked as they are rendered, in the text.
    return one if one.manifest is None else replace(one, manifest=masked(one.manifest))


def _definitions(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    for alert in plan.alerts:
        yield f"alert {named(alert.name, alert.labels)}", {"where": str(alert.where), "unit": alert.signal.unit}
    for rule in plan.records:
        yield f"record {recorded(rule.record, rule.labels)}", {"where": str(rule.where)}
    for system in plan.systems:
        for scrape in system.scrapes:
            yield f"scrape {scrape.name}", {"where": str(scrape.where)}
            yield from ((f"contract {e.contract}", {"where": str(scrape.where)}) for e in scrape.endpoints)
    for dashboard in plan.dashboards:
        yield f"dashboard {dashboard.uid}", {"where": str(dashboard.where)}
        for panel in dashboard.panels:
            unit = panel.signals[0].unit if panel.signals else ""
            yield f"panel {dashboard.uid}/{panel.title}", {"where": str(panel.where), "unit": unit}


def _outputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each output is defined; nothing in an older program, whose outputs have no definition."""
    try:
        from components.outputs import StackOutputs
    except ImportError:
        return
    lines, first = inspect.getsourcelines(StackOutputs)
    for name, field in StackOutputs.model_fields.items():
        line = next((n for n, text in enumerate(lines) if text.startswith(f"    {name}:")), 0)
        yield f"output {field.alias or name}", {"where": f"components/outputs.py:{first + line}"}


def _objectives(plan: Plan) -> dict[str, dict[str, Any]]:
    return {
        o.slo.name: {
            "title": o.slo.title,
            "objective": o.slo.objective,
            "window": o.slo.window,
            "bad": str(o.slo.bad),
            "total": str(o.slo.total),
            "where": str(o.slo.where),
        }
        for o in plan.objectives
    }


def _stored(plan: Plan) -> dict[str, dict[str, Any]]:
    """Contract -> names of series that its endpoints expose and that are stored, how often, and samples a second where
    each name has one series at one target of each endpoint: the least that there can be."""
    endpoints: dict[str, list[Any]] = {}
    for endpoint in (e for system in plan.systems for scrape in system.scrapes for e in scrape.endpoints):
        endpoints.setdefault(endpoint.contract, []).append(endpoint)
    found = {}
    for name, given in sorted(endpoints.items()):
        contract = contracts.load(name)
        exposed = [set(exposed_names(contract, endpoint.component)) for endpoint in given]
        kept = [{n for n in names if endpoint.keeps(n)} for names, endpoint in zip(exposed, given, strict=True)]
        found[name] = {
            "kept": len(set().union(*kept)),
            "exposed": len(set().union(*exposed)),
            "interval": ", ".join(dict.fromkeys(endpoint.interval for endpoint in given)),
            "series": sum(map(len, kept)),
            "rate": sum(len(names) / seconds(e.interval) for names, e in zip(kept, given, strict=True)),
        }
    return found


def of_texts(texts: Mapping[str, str]) -> Iterator[RenderedObject]:
    """Objects in YAML files, by path below the folder of a rendering: ``component/[chart/]kind-name.yaml``."""
    for path, text in sorted(texts.items()):
        parts = Path(path).parts
        if parts[-1] == "values.yaml":
            continue
        origin = parts[1] if len(parts) > 2 else "program"
        for document in documents.documents(text):
            secret = document.kind == "Secret"
            yield RenderedObject(
                component=parts[0],
                origin=origin,
                api_version=document.api_version,
                kind=document.kind,
                namespace=document.namespace,
                name=document.name,
                manifest=masked(documents.load(document.text)) if secret else None,
                text=None if secret else document.text,
            )
