"""The API's schemas as kubeconform reads them: Kubernetes' own of several versions, and those of CRDs.

Kubernetes' come from the Python package ``kubernetes-validate``: the OpenAPI of 1.25 to 1.37 in strict form. (The Go
module k8s.io/kubernetes has the API server's own file too, but the proxy serves it from 1.33 on only.) Its layout is
one file per kind that refers to ``/api/_definitions.json``, and an ``$id`` on the web that makes kubeconform download
that file; what cannot be downloaded it reports as "could not find schema". Here every kind becomes one file that
needs no other, named as kubeconform expects: ``v1.25.0-standalone-strict/deployment-apps-v1.json``.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from components.charts import cache_dir
from obs import documents
from obs.errors import ObsError

PACKAGE = "kubernetes-validate"
CRD_TEMPLATE = "{{.Group}}/{{.ResourceKind}}-{{.ResourceAPIVersion}}.json"
"""Names of the files of :func:`crd_folder`, as kubeconform is told them."""
_DEFS, _WEB_DEFS = "#/definitions/", "/api/_definitions.json#/$defs/"
_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
# The OpenAPI says that a quantity is a string; the operator's CRDs and the API server (quantity.go) say which.
_DECIMAL = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_QUANTITY_FORM = rf"^[+-]?{_DECIMAL}([KMGTPE]i|[numkMGTPE]|[eE][+-]?{_DECIMAL})?$"
Schema = dict[str, Any]


class SchemasMissing(ObsError):
    """There are no schemas of that Kubernetes version here; the message says which there are."""


@cache
def versions() -> tuple[str, ...]:
    """The Kubernetes versions (major.minor) with schemas, oldest first. Raises SchemasMissing without the package."""
    found = [f.name.split(".")[1] for f in _package().glob("v1.*.0-local-strict")]
    return tuple(f"1.{minor}" for minor in sorted(map(int, found)))


def minor(version: str) -> str:
    """1.31 of 1.31.4. Raises SchemasMissing for a version without schemas."""
    wanted = ".".join(version.split(".")[:2])
    if wanted not in versions():
        raise SchemasMissing(f"no schemas of Kubernetes {version}; there are those of {', '.join(versions())}")
    return wanted


def builtin_folder(version: str) -> Path:
    """A folder with ``v<version>.0-standalone-strict``, one file for each kind; converted once into the cache."""
    wanted = minor(version)
    folder = cache_dir() / "schemas" / _fingerprint()

    def convert(target: Path) -> None:
        definitions = _definitions(wanted)
        for name, stem in _kinds(definitions):
            _write(target / f"{stem}.json", {"$ref": f"{_DEFS}{name}", **_used(name, definitions)})

    _once(folder / f"v{wanted}.0-standalone-strict", convert)
    return folder


def crd_folder(crds: Iterable[str], version: str) -> Path:
    """A folder of the kinds that these CRDs (YAML texts) serve; converted once into the cache (1 s for 1 MB).

    ``version`` is the Kubernetes version whose metadata their objects have.
    """
    texts, wanted = sorted(crds), minor(version)
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()[:16]

    def convert(target: Path) -> None:
        definitions = _definitions(wanted)
        for text in texts:
            for path, schema in crd_schemas(documents.load(text)).items():
                schema["properties"]["metadata"] = {"$ref": f"{_DEFS}{_OBJECT_META}"}
                _write(target / path, {**schema, **_used(_OBJECT_META, definitions)})

    folder = cache_dir() / "schemas" / _fingerprint() / f"crds-{digest}-{wanted}"
    _once(folder, convert)
    return folder


def crd_schemas(crd: Mapping[str, Any]) -> dict[str, Schema]:
    """File name (:data:`CRD_TEMPLATE`) -> strict schema of each version that a CRD serves."""
    spec = crd["spec"]
    group, kind = spec["group"], spec["names"]["kind"]
    made = {}
    for version in spec["versions"]:
        if not version["served"]:
            continue
        schema = strict(version["schema"]["openAPIV3Schema"])
        api = {"apiVersion": {"enum": [f"{group}/{version['name']}"]}, "kind": {"enum": [kind]}, "metadata": {}}
        schema["properties"] = {**schema.get("properties", {}), **api}
        made[f"{group}/{kind.lower()}-{version['name']}.json"] = schema
    return made


def strict(schema: Mapping[str, Any]) -> Schema:
    """A CRD's schema in which an unknown field is an error (the API server drops it) wherever the CRD does not
    keep unknown fields. Null is only for what is nullable. CEL rules (x-kubernetes-validations) are not in it."""
    made: Schema = {key: value for key, value in schema.items() if key != "description"}
    if "properties" in schema:
        made["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            made[key] = strict(schema[key])
    if schema.get("x-kubernetes-embedded-resource"):
        made["properties"] = {"apiVersion": {}, "kind": {}, "metadata": {}, **made.get("properties", {})}
    closed = schema.get("type") == "object" and not schema.get("x-kubernetes-preserve-unknown-fields")
    if closed and "additionalProperties" not in schema:
        made["additionalProperties"] = False
    if schema.get("x-kubernetes-list-type") == "set":
        made["uniqueItems"] = True
    if schema.get("nullable"):
        made["type"] = [schema["type"], "null"]
        if "enum" in schema:
            made["enum"] = [*schema["enum"], None]
    return made


def served(folder: Path, version: str, kind: str) -> list[str]:
    """API versions in which Kubernetes has a kind: ``autoscaling/v2``. (Of a group, only the first part is known.)"""
    stems = [f.stem for f in (folder / f"v{version}.0-standalone-strict").glob(f"{kind.lower()}-*.json")]
    return sorted(stem.removeprefix(f"{kind.lower()}-").replace("-", "/", 1) for stem in stems)


def _kinds(definitions: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    """(definition, file stem) for each kind with its group and version."""
    for name, schema in definitions.items():
        for known in schema.get("x-kubernetes-group-version-kind", ()):
            parts = [known["kind"], known["group"].split(".")[0], known["version"]]
            yield name, "-".join(filter(None, parts)).lower()


def _used(name: str, definitions: Mapping[str, Schema]) -> Schema:
    """The definition of this name, and all that it refers to."""
    found, open_ = {name}, [name]
    while open_:
        new = set(_references(definitions[open_.pop()])) - found
        found |= new
        open_ += new
    return {"definitions": {name: definitions[name] for name in sorted(found)}}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(_DEFS)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


@cache
def _definitions(version: str) -> dict[str, Schema]:
    path = _package() / f"v{version}.0-local-strict" / "_definitions.json"
    definitions: dict[str, Schema] = _local(json.loads(path.read_text())["$defs"])
    definitions[_QUANTITY] = {"type": ["string", "number", "null"], "pattern": _QUANTITY_FORM}
    return definitions


def _local(value: Any) -> Any:
    """Without descriptions (nine tenths of the text), and with references that stay inside one file."""
    if isinstance(value, Mapping):
        kept = {k: _local(v) for k, v in value.items() if not (k == "description" and isinstance(v, str))}
        if isinstance(reference := kept.get("$ref"), str):
            kept["$ref"] = _DEFS + reference.removeprefix(_WEB_DEFS).removeprefix("#/$defs/")
        return kept
    return [_local(item) for item in value] if isinstance(value, list) else value


def _package() -> Path:
    # Not imported: that costs 0.25 s, and only its files are wanted.
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise SchemasMissing(f"the Python package {PACKAGE} has the schemas and is not installed: run make setup")
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"


@cache
def _fingerprint() -> str:
    """Of everything that shapes the files: the package's version and this module."""
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    return f"{importlib.metadata.version(PACKAGE)}-{code}"


def _write(path: Path, schema: Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema, separators=(",", ":")))


def _once(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder unless it is there; whole or not at all, also when two processes do it at once."""
    if folder.is_dir():
        return
    part = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.part")
    try:
        part.mkdir(parents=True)
        fill(part)
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was first
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
