"""Digests from a registry on 127.0.0.1, with and without tokens, and from registries that do not give one."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import tiny_charts as tiny
from small_registry import DIGEST, Registry, serving

from obs.images import Image
from obs.registry import Registries, RegistryError


def asked(registry: Registry, tag: str = "1.0", *, times: int = 1) -> str:
    with Registries(seconds=5) as registries:
        for _ in range(times):
            digest = registries.digest(Image(registry.host, "team/app", tag))
    return digest


def test_the_digest_is_that_of_the_manifest_and_an_index_is_asked_for_first() -> None:
    with serving(Registry()) as registry:
        assert asked(registry) == DIGEST
    ((path, accept, authorization),) = registry.asked
    assert path == "/v2/team/app/manifests/1.0"
    assert accept.startswith("application/vnd.oci.image.index.v1+json")
    assert authorization == ""


def test_a_registry_that_states_no_digest_is_believed_by_its_manifest() -> None:
    with serving(Registry(header={})) as registry:
        assert asked(registry) == DIGEST


def test_a_token_is_got_without_credentials_and_used_again() -> None:
    with serving(Registry(token="letmein")) as registry:
        assert asked(registry, times=2) == DIGEST
    paths = [urlsplit(path).path for path, _, _ in registry.asked]
    assert paths == ["/v2/team/app/manifests/1.0", "/token", *["/v2/team/app/manifests/1.0"] * 2]
    assert parse_qs(urlsplit(registry.asked[1][0]).query) == {
        "service": ["small"],
        "scope": ["repository:team/app:pull"],
    }
    assert [authorization for *_, authorization in registry.asked] == ["", "", "Bearer letmein", "Bearer letmein"]


@pytest.mark.parametrize(
    ("registry", "says"),
    [
        (Registry(header={"Docker-Content-Digest": f"sha256:{'0' * 64}"}), "states digest"),
        (Registry(token="x", challenge='Basic realm="r"'), "wants credentials"),
        (Registry(token="x", challenge='Bearer realm="file:///etc/passwd"'), "wants credentials"),
        (Registry(token="x", challenge='Bearer realm="http://{host}/token",scope="nothing"'), "gives no token"),
        (Registry(body=b" " * (5 * 2**20)), "larger than"),
    ],
)
def test_a_registry_that_gives_no_digest_is_named_with_the_reason(registry: Registry, says: str) -> None:
    with serving(registry), pytest.raises(RegistryError, match=says) as refused:
        asked(registry)
    assert f"{registry.host}/team/app:1.0" in str(refused.value)


def test_a_tag_that_is_not_there_is_an_error_with_the_status() -> None:
    with serving(Registry()) as registry, pytest.raises(RegistryError, match="answers with status 404"):
        asked(registry, "2.0")


def test_a_registry_that_does_not_answer_is_named() -> None:
    with tiny.silent_server() as address, Registries(seconds=0.2) as registries:
        host = address.removeprefix("http://")
        for path in ("a", "b"):
            with pytest.raises(RegistryError, match=f"{host} does not answer"):
                registries.digest(Image(host, path, "1"))
    with Registries(seconds=0.2) as registries, pytest.raises(RegistryError, match="does not answer"):
        registries.digest(Image("127.0.0.1:9", "a", "1"))
