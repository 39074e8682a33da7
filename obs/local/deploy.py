"""A stack brought to the local platform: by the Pulumi CLI where it is installed, else by server-side apply.

Both leave the same objects; tests/e2e compares them where the CLI is there.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from model.problems import did_you_mean
from obs import atomic
from obs.documents import MASK
from obs.expand import PROGRAM, RenderedObject
from obs.local.kube import Kube
from obs.local.state import LocalError, State
from obs.monitor import RANDOM_PASSWORD
from obs.places import places
from obs.protobuf import Secret, Unknown
from obs.run import StackRun, run_stack
from obs.stack_config import StackConfig, read_stack_config

STACK = "local"
_APPLIED = "applied.json"
_KEPT = ("Namespace", "CustomResourceDefinition")
"""Made before everything else, and kept when the program no longer has them, as the program tells Pulumi."""
_TURNS = (
    ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Secret", "Service"),
    ("Deployment", "StatefulSet", "DaemonSet", "Prometheus", "Alertmanager", "ThanosRuler"),
)
"""What pods are refused without, then what makes pods: the servers start while the rest is applied."""
_AT_ONCE = 4
_ESTABLISHED_SECONDS = 60


@dataclass(frozen=True)
class Target:
    """Where to deploy: the checkout, the folder of the local platform, and its state."""

    project: Path
    place: Path
    state: State

    @property
    def kubeconfig(self) -> Path:
        return Path(self.state.kubeconfig)


def settings_of(target: Target) -> tuple[dict[str, object], dict[str, str]]:
    """What the local platform decides instead of the stack's file: plain values, and secrets.

    Every receiver's secret is the address of the sink on this machine. Raises LocalError for a receiver that
    cannot be pointed there.
    """
    config = read_stack_config(target.project, STACK)
    alerting = json.loads(config.values[f"{config.project}:alerting"])
    secrets: dict[str, str] = {}
    for receiver in alerting.get("receivers") or ():
        if not isinstance(receiver, dict) or not receiver.get("secret"):
            continue  # what is wrong with it the program itself will say
        if receiver.get("kind") != "webhook" or receiver["secret"] in secrets:
            given = f"receiver {receiver.get('name')} of kind {receiver.get('kind')}"
            raise LocalError(
                f"Pulumi.{STACK}.yaml: {given} must be a webhook with a secret of its own: "
                "stack local tells nobody but the sink on this machine"
            )
        secrets[receiver["secret"]] = f"{target.state.simulator}/sink/{receiver['name']}"
    plain: dict[str, object] = {"chartSource": "cache", "timeCompression": target.state.compression}
    return plain | _only(config, target.state.only), secrets


def config_of(project: Path, only: Collection[str]) -> StackConfig:
    """The stack's configuration with these of its systems alone; none means all. Raises LocalError as below."""
    whole = read_stack_config(project, STACK)
    return read_stack_config(project, STACK, config=_only(whole, only)) if only else whole


def _only(config: StackConfig, only: Collection[str]) -> dict[str, object]:
    """The setting that leaves these of the stack's systems; nothing to set for none, which means all.

    Raises LocalError for a system that the stack does not have.
    """
    if not only:
        return {}
    systems = json.loads(config.values[f"{config.project}:systems"])
    for name in only:
        if name not in systems:
            there = ", ".join(sorted(systems))
            raise LocalError(f"--system {name}: stack {STACK} has {there}{did_you_mean(name, systems)}")
    return {"systems": {name: settings for name, settings in systems.items() if name in only}}


def stack_config(target: Target) -> StackConfig:
    plain, secrets = settings_of(target)
    return read_stack_config(target.project, STACK, config=plain, secrets=secrets)


@dataclass(frozen=True)
class Rendered:
    """What is to be applied. ``definitions``: kind and name -> the line of the program."""

    objects: tuple[RenderedObject, ...]
    definitions: Mapping[tuple[str, str], str]


def rendered(target: Target) -> Rendered:
    """Every object of the stack; the API server need not answer yet. Raises LocalError for what is not known here."""
    run = run_stack(STACK, target.project, config=stack_config(target), preview=False)
    generated = _generated(run, target.kubeconfig.read_bytes())
    objects = run.expanded(require_charts=True, redacted=partial(_revealed, generated=generated)).objects
    _refuse_masked(objects)
    return Rendered(tuple(sorted(objects, key=_turn)), places(run))


def apply(target: Target, stack: Rendered | None = None) -> int:
    """Server-side apply of every object of the stack; returns their number.

    What an earlier deployment made and this one does not is deleted. Raises LocalError with the API server's
    messages, each with the object and the line that defines it; then nothing is deleted.
    """
    stack = stack or rendered(target)
    objects, definitions = stack.objects, stack.definitions
    kube = Kube(target.kubeconfig)
    applied = target.place / _APPLIED
    before, now = _read(applied), {_key(o) for o in objects}
    _write(applied, before | now)  # also what a failed deployment made is known to the next one
    crds = [o for o in objects if o.kind == "CustomResourceDefinition"]
    _apply(kube, [o for o in objects if o.kind == "Namespace"], definitions)
    _apply(kube, crds, definitions)
    _wait_established(kube, crds)
    _apply(kube, [o for o in objects if o.kind not in _KEPT], definitions)
    for key in gone(before, now):
        kube.delete(*key)
    _write(applied, now)
    return len(objects)


def _turn(object_: RenderedObject) -> int:
    return next((turn for turn, kinds in enumerate(_TURNS) if object_.kind in kinds), len(_TURNS))


Key = tuple[str, str, str, str]
"""apiVersion, kind, namespace, name."""


def _key(object_: RenderedObject) -> Key:
    return object_.api_version, object_.kind, object_.namespace, object_.name


def gone(before: set[Key], now: set[Key]) -> list[Key]:
    """What was applied before and is not any more; an object in another version of its API is the same object."""
    kept = {(_group(api_version), *rest) for api_version, *rest in now}
    return [key for key in sorted(before) if key[1] not in _KEPT and (_group(key[0]), *key[1:]) not in kept]


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _read(file: Path) -> set[Key]:
    return {(a, k, ns, n) for a, k, ns, n in json.loads(file.read_text())} if file.exists() else set()


def _write(file: Path, keys: set[Key]) -> None:
    atomic.write(file, json.dumps(sorted(keys)).encode())


def _generated(run: StackRun, key: bytes) -> dict[str, str]:
    """What stands for each generated password in a recording -> one that nobody can know without ``key``.

    The same at every deployment to one platform, as the engine's own are.
    """
    stands = [r.outputs["result"].value for r in run.recording.resources if r.type == RANDOM_PASSWORD]
    return {text: hmac.new(key, text.encode(), "sha256").hexdigest()[:32] for text in stands}


def _revealed(value: Any, generated: Mapping[str, str]) -> Any:
    """The recorded value with its secrets, as it is sent to the API server and to nowhere else."""
    if isinstance(value, Secret):
        return _revealed(value.value, generated)
    if isinstance(value, Unknown):
        raise LocalError("a value is known only to the Pulumi engine; install the Pulumi CLI to deploy this stack")
    if isinstance(value, Mapping):
        return {key: _revealed(inner, generated) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(inner, generated) for inner in value]
    return generated.get(value, value) if isinstance(value, str) else value


def _refuse_masked(objects: Iterable[RenderedObject]) -> None:
    masked = [o for o in objects if o.kind == "Secret" and o.origin != PROGRAM and MASK in (o.text or "")]
    if masked:
        names = ", ".join(f"{o.origin} {o.name}" for o in masked)
        raise LocalError(f"a rendering does not hold the Secrets of charts ({names}); install the Pulumi CLI to deploy")


def _apply(kube: Kube, objects: Iterable[RenderedObject], definitions: Mapping[tuple[str, str], str]) -> None:
    def one(object_: RenderedObject) -> str:
        try:
            kube.apply(object_.parsed() if object_.manifest is not None else _identity(object_), object_.text or "")
        except LocalError as error:
            where = definitions.get((object_.kind, object_.name)) or f"chart {object_.origin}"
            return f"  {object_.kind} {object_.name} ({where}): {error}"
        return ""

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        problems = [problem for problem in pool.map(one, objects) if problem]
    if problems:
        raise LocalError("the API server refuses:\n" + "\n".join(problems))


def _identity(object_: RenderedObject) -> dict[str, Any]:
    """What is to be known of an object without parsing its text."""
    metadata = {"name": object_.name, "namespace": object_.namespace}
    return {"apiVersion": object_.api_version, "kind": object_.kind, "metadata": metadata}


def _wait_established(kube: Kube, crds: Iterable[RenderedObject]) -> None:
    waiting = {crd.name for crd in crds}
    until = time.monotonic() + _ESTABLISHED_SECONDS
    while waiting:
        if time.monotonic() > until:
            raise LocalError(f"the API server does not take up {', '.join(sorted(waiting))}")
        # Not the objects themselves: these are megabytes.
        waiting -= {name for group in {name.partition(".")[2] for name in waiting} for name in kube.served(group)}
        time.sleep(0.1 if waiting else 0)
