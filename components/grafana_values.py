"""Values of the subchart grafana of kube-prometheus-stack: who gets in, what it shows, literals only.

Names of the settings are those of Grafana 13 (conf/defaults.ini). docs/security.md says who may do what.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from components.remote_store import grafana_environment
from components.sizes import Sizing
from settings import Settings
from settings.grafana import GrafanaSettings, IngressSettings, OidcSettings
from settings.parts import PartName

GRAFANA_ADMIN_SECRET = "grafana-admin"
ENCRYPTION_KEY = "encryption-key"
"""Its key beside admin-user and admin-password."""
OIDC_SECRET = "grafana-oidc"
OIDC_KEY = "client-secret"
DASHBOARD_LABELS = {"grafana_dashboard": "1"}
FOLDER_ANNOTATION = "grafana_folder"
_SIDECAR_RESOURCES = {"requests": {"cpu": "10m", "memory": "96Mi"}, "limits": {"memory": "192Mi"}}
"""A Python process with every dashboard of the cluster in its hands; for each of two."""
Values = dict[str, Any]


def grafana_values(settings: Settings, size: Sizing) -> Values:
    """``grafana`` of the values of kube-prometheus-stack."""
    return {
        "admin": {"existingSecret": GRAFANA_ADMIN_SECRET},
        "defaultDashboardsEnabled": False,
        "resources": size[PartName.GRAFANA].resources.manifest(),
        # Rendering fails where a secret stands in grafana.ini, which is a ConfigMap.
        "assertNoLeakedSecrets": True,
        "grafana.ini": grafana_ini(settings.grafana),
        "envValueFrom": _secrets(settings.grafana) | grafana_environment(settings),
        "ingress": _ingress(settings.grafana),
        # The session of a pod, as of a browser, is in its one database: no second replica, no rolling update,
        # which would wait for ever for a volume that one node holds.
        "replicas": 1,
        "deploymentStrategy": {"type": "Recreate"},
        "persistence": {
            "enabled": True,
            "size": size[PartName.GRAFANA].storage,
            "storageClassName": settings.storage_class,
            # The chart looks the volume up in the cluster, so a second run would replace the claim.
            "lookupVolumeName": False,
        },
        # The chart's own role reads every Secret of the cluster, whatever the side cars need: ours is in rbac.py.
        "rbac": {"create": False},
        "initChownData": {"enabled": False},
        "testFramework": {"enabled": False},
        "sidecar": _sidecars(),
    }


def _sidecars() -> Values:
    return {
        "resources": _SIDECAR_RESOURCES,
        "dashboards": {
            "enabled": True,
            "label": next(iter(DASHBOARD_LABELS)),
            "labelValue": next(iter(DASHBOARD_LABELS.values())),
            "searchNamespace": "ALL",
            "resource": "configmap",
            "folderAnnotation": FOLDER_ANNOTATION,
            "provider": {"foldersFromFilesStructure": True, "allowUiUpdates": False},
        },
        # Ours (components/datasources.py): Grafana refuses two defaults (K03).
        "datasources": {
            "enabled": True,
            "resource": "configmap",
            "defaultDatasourceEnabled": False,
            "alertmanager": {"enabled": False},
        },
    }


def grafana_ini(grafana: GrafanaSettings) -> Values:
    """Section -> settings. What is Grafana's default too is said all the same where it keeps people out."""
    https = grafana.url.startswith("https://")
    return {
        "server": {"root_url": grafana.url},
        "analytics": {"reporting_enabled": False, "check_for_updates": False, "check_for_plugin_updates": False},
        "news": {"news_feed_enabled": False},
        # What runs is what the image brings: nothing is fetched at the start, nothing installed by a click.
        "plugins": {"preinstall_disabled": True, "preinstall_auto_update": False, "plugin_admin_enabled": False},
        "security": {
            "disable_gravatar": True,
            "cookie_secure": https,
            # Not "strict": coming back from the provider's page is a request from another site.
            "cookie_samesite": "lax",
            "strict_transport_security": https,
            "allow_embedding": False,
        },
        "users": {"allow_sign_up": False, "allow_org_create": False},
        "auth.anonymous": {"enabled": False},
        # No way round the log-in: neither a copy at snapshots.raintank.io nor a dashboard for everyone with a link.
        "snapshots": {"external_enabled": False},
        "public_dashboards": {"enabled": False},
        **(_oidc(grafana.oidc) if grafana.oidc else {"auth": {"disable_login_form": False}}),
    }


def _oidc(oidc: OidcSettings) -> Values:
    return {
        # The administrator of the Secret still gets in by basic authentication, as the side cars do.
        "auth": {"disable_login_form": True},
        "auth.generic_oauth": {
            "enabled": True,
            "name": oidc.name,
            "client_id": oidc.client_id,
            "scopes": " ".join(oidc.scopes),
            "auth_url": oidc.auth_url,
            "token_url": oidc.token_url,
            "api_url": oidc.api_url,
            "use_pkce": True,
            # Who the provider lets in is known here from then on.
            "allow_sign_up": True,
            "role_attribute_path": role_of(oidc),
            # A role that was taken away there is taken away here at the next log-in.
            "skip_org_role_sync": False,
            # Administrator of the organisation, not of the server: nobody from outside makes users or reads settings.
            "allow_assign_grafana_admin": False,
        },
    }


def role_of(oidc: OidcSettings) -> str:
    """A JMESPath expression on the provider's answer that gives the role; whoever is in no group may look."""
    roles = {"Admin": oidc.admin_group, "Editor": oidc.editor_group}
    tried = [f"contains(groups[*], '{group}') && '{role}'" for role, group in roles.items() if group]
    return " || ".join([*tried, "'Viewer'"])


def _secrets(grafana: GrafanaSettings) -> Values:
    """Environment variable -> where its value is. Grafana reads GF_<SECTION>_<KEY> over its file."""
    wanted = {
        # What the database keeps of datasources is encrypted with it; Grafana's own default is in its source.
        "GF_SECURITY_SECRET_KEY": (GRAFANA_ADMIN_SECRET, ENCRYPTION_KEY),
        **({"GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET": (OIDC_SECRET, OIDC_KEY)} if grafana.oidc else {}),
    }
    return {name: {"secretKeyRef": {"name": secret, "key": key}} for name, (secret, key) in wanted.items()}


def _ingress(grafana: GrafanaSettings) -> Values:
    ingress: IngressSettings | None = grafana.ingress
    if ingress is None:
        return {"enabled": False}
    host = urlsplit(grafana.url).hostname
    values: Values = {
        "enabled": True,
        "hosts": [host],
        "annotations": dict(ingress.annotations),
        "tls": [{"secretName": ingress.tls_secret, "hosts": [host]}] if ingress.tls_secret else [],
    }
    if ingress.class_name:
        values["ingressClassName"] = ingress.class_name
    return values
