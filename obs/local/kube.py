"""The API server over HTTP: what the daemon and the deployment need of it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from obs.local.state import LocalError

FIELD_MANAGER = "dataops-observability"
_APPLY_SECONDS = 30.0


class Kube:
    """A client for one kubeconfig with a bearer token. Calls raise httpx.HTTPError while the server is away."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self.kubeconfig = kubeconfig
        self._kinds: dict[tuple[str, str], dict[str, Any]] = {}
        self._http = httpx.Client(
            base_url=cluster["server"],
            headers={"Authorization": f"Bearer {user['token']}"},
            verify=context,
            timeout=5.0,
            trust_env=False,
        )

    def ready(self) -> bool:
        try:
            return self._http.get("/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def get(self, path: str) -> dict[str, Any] | None:
        """An object or list by its API path; None where there is none."""
        answer = self._http.get(path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def items(self, path: str) -> list[dict[str, Any]]:
        found = self.get(path)
        return list(found["items"]) if found else []

    def patch_status(self, path: str, status: Mapping[str, Any]) -> None:
        """Merge into an object's status."""
        self._http.patch(
            f"{path}/status",
            json={"status": status},
            headers={"Content-Type": "application/merge-patch+json"},
        ).raise_for_status()

    def apply(self, manifest: Mapping[str, Any], text: str = "", *, dry_run: bool = False) -> None:
        """Server-side apply of one object (``text``: the same as YAML, where there is one). ``dry_run`` keeps nothing.

        Raises LocalError with the API server's message; the caller says which object that is about.
        """
        metadata = manifest["metadata"]
        path = self._path(manifest["apiVersion"], manifest["kind"], metadata.get("namespace") or "default")
        answer = self._http.patch(
            f"{path}/{quote(metadata['name'])}",
            params={
                "fieldManager": FIELD_MANAGER,
                "force": "true",
                "fieldValidation": "Strict",
                **({"dryRun": "All"} if dry_run else {}),
            },
            # JSON writes what is beyond 16 bits as two escapes, which YAML does not know.
            content=text or json.dumps(manifest, ensure_ascii=False),
            headers={"Content-Type": "application/apply-patch+yaml"},
            timeout=_APPLY_SECONDS,
        )
        if answer.is_error:
            raise LocalError(_message(answer))

    def token(self, namespace: str, account: str, seconds: int) -> str:
        """A token of a service account, as a kubelet asks for one. Raises httpx.HTTPError where there is no account."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{quote(account)}/token"
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        return str(self._http.post(path, json=body).raise_for_status().json()["status"]["token"])

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Delete one object; one that is not there is deleted."""
        answer = self._http.delete(f"{self._path(api_version, kind, namespace)}/{quote(name)}")
        if answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
            raise LocalError(_message(answer))

    def served(self, group: str) -> set[str]:
        """The resources that an API group serves, as plural.group."""
        versions = (self.get(f"/apis/{group}") or {"versions": []})["versions"]
        lists = (self.get(f"/apis/{version['groupVersion']}") or {"resources": []} for version in versions)
        return {f"{resource['name']}.{group}" for found in lists for resource in found["resources"]}

    def _path(self, api_version: str, kind: str, namespace: str) -> str:
        """The API path of a kind's objects, by the server's discovery. Raises LocalError for an unknown kind."""
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        if (api_version, kind) not in self._kinds:
            known = self.get(base) or {"resources": []}
            self._kinds |= {(api_version, r["kind"]): r for r in known["resources"] if "/" not in r["name"]}
        found = self._kinds.get((api_version, kind))
        if found is None:
            raise LocalError(f"the API server knows no {kind} of {api_version}")
        return f"{base}/namespaces/{namespace}/{found['name']}" if found["namespaced"] else f"{base}/{found['name']}"


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text[:200]}"
