"""Images in manifests, images.lock, and the checks on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from wired_stack import expansion

from obs.check.image_lock import check_images
from obs.image_lock import ImageLockError, Locked, listed, locked, read, users_of, write
from obs.images import Image, images, parsed, users

DIGEST = f"sha256:{'1' * 64}"
OTHER = f"sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("reference", "whole"),
    [
        ("grafana/loki:3.7.6", "docker.io/grafana/loki:3.7.6"),
        ("memcached:1.6", "docker.io/library/memcached:1.6"),
        ("memcached", "docker.io/library/memcached:latest"),
        ("quay.io/thanos/thanos:v0.42.4", "quay.io/thanos/thanos:v0.42.4"),
        ("localhost/app:1", "localhost/app:1"),
        ("registry:5000/a/b/app", "registry:5000/a/b/app:latest"),
        (f"quay.io/a/b:v1@{DIGEST}", "quay.io/a/b:v1"),
        (f"quay.io/a/b@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
    ],
)
def test_a_reference_is_read_as_container_runtimes_read_it(reference: str, whole: str) -> None:
    assert str(parsed(reference)) == whole
    assert str(parsed(whole)) == whole


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        ({"spec": {"containers": [{"image": "a:1"}], "initContainers": [{"image": "b:1"}]}}, {"a:1", "b:1"}),
        ({"kind": "Prometheus", "spec": {"image": "p:1", "thanos": {"image": "t:1"}}}, {"p:1", "t:1"}),
        ({"args": ["--prometheus-config-reloader=x/r:v1", "--config-reloader-cpu-limit=0"]}, {"x/r:v1"}),
        ({"command": ["run", "--thanos-default-base-image=quay.io/thanos/thanos:v1"]}, {"quay.io/thanos/thanos:v1"}),
        ({"env": [{"name": "RELATED_IMAGE_P", "value": "x/p:1"}, {"name": "IMAGES", "value": "a:1"}]}, {"x/p:1"}),
        ({"kind": "ConfigMap", "data": {"image": "a:1"}}, set()),
        ({"spec": {"image": ""}}, set()),
    ],
)  # fmt: skip
def test_images_are_found_where_a_manifest_can_name_them(manifest: dict[str, Any], found: set[str]) -> None:
    assert images(manifest) == found


def test_an_image_knows_who_uses_it() -> None:
    deployment = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: 'a:1'}]}\n"
    whole = expansion(deployment)
    assert users(whole) == {}  # a chart's images are read when it is rendered
    chart = type(whole.charts[0])(**{**_fields(whole.charts[0]), "images": ("a:1",)})
    own = type(whole.objects[0])(**{**_fields(whole.objects[0]), "origin": "program", "manifest": {"image": "a:1"}})
    assert users(type(whole)((own,), (chart,))) == {"a:1": ["parts", "parts/chart"]}


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}


def check(reference: str, *lock: Locked, registry: str = "") -> list[tuple[str, str]]:
    return [(f.check, f.message) for f in check_images({reference: ["metrics"]}, lock, registry, "images.lock")]


KNOWN = Locked(parsed("grafana/loki:3.7.6"), DIGEST)
MEMCACHED = Locked(parsed("memcached:1.6"), None)


def test_an_image_that_is_locked_is_fine_however_it_is_written() -> None:
    for reference in ("grafana/loki:3.7.6", "docker.io/grafana/loki:3.7.6", f"grafana/loki:3.7.6@{DIGEST}"):
        assert check(reference, KNOWN) == []


def test_an_image_outside_of_the_lock_is_found_with_the_one_that_was_meant() -> None:
    (found,) = check_images({"grafana/loki:3.7.7": ["logs/loki"]}, [KNOWN], "", "images.lock")
    assert (found.check, found.where) == ("image/unlocked", "images.lock")
    assert found.subject == "image grafana/loki:3.7.7 of logs/loki"
    assert found.suggestion == "docker.io/grafana/loki:3.7.6"


def test_an_image_that_is_only_called_alike_is_no_suggestion() -> None:
    for reference in ("grafana/lokj:3.7.6", "quay.io/prometheus/prometheus:v3.9.1"):
        (found,) = check_images({reference: ["logs/loki"]}, [KNOWN, MEMCACHED], "", "images.lock")
        assert found.suggestion is None
    (found,) = check_images({"quay.io/mirror/loki:3.6.0": ["logs/loki"]}, [MEMCACHED, KNOWN], "", "images.lock")
    assert found.suggestion == "docker.io/grafana/loki:3.7.6"


def test_an_image_with_another_digest_than_the_locked_one_is_found() -> None:
    ((found, message),) = check(f"grafana/loki:3.7.6@{OTHER}", KNOWN)
    assert found == "image/unlocked"
    assert DIGEST in message


@pytest.mark.parametrize("reference", ["quay.io/a/b", "quay.io/a/b:latest"])
def test_an_image_without_a_fixed_version_is_found_even_if_it_is_locked(reference: str) -> None:
    assert [c for c, _ in check(reference, Locked(parsed(reference), DIGEST))] == ["image/floating"]


@pytest.mark.parametrize("registry", ["mirror.example", "mirror.example:5000/team"])
def test_with_a_registry_every_image_comes_from_it_and_is_still_looked_up(registry: str) -> None:
    assert check(f"{registry}/grafana/loki:3.7.6", KNOWN, registry=registry) == []
    assert check(f"{registry}/memcached:1.6", MEMCACHED, registry=registry) == []
    assert check(f"{registry}/library/memcached:1.6", MEMCACHED, registry=registry) == []
    assert [c for c, _ in check("docker.io/grafana/loki:3.7.6", KNOWN, registry=registry)] == ["image/registry"]
    assert [c for c, _ in check(f"{registry}/grafana/loki:9", KNOWN, registry=registry)] == ["image/unlocked"]


def test_a_lock_is_written_sorted_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "images.lock"
    lock = (Locked(parsed("quay.io/b/b:1"), None, ("x",)), Locked(parsed("a:1"), DIGEST, ("y", "z")))
    write(file, lock)
    first = file.read_bytes()
    write(file, reversed(lock))
    assert file.read_bytes() == first
    assert read(file) == (lock[1], lock[0])
    assert read(tmp_path / "none.lock") == ()


@pytest.mark.parametrize(
    "text",
    [
        "images: 3",
        "other: []",
        "[",
        "images: [{image: 'a:1'}]",
        "images: [{image: 'a:1', used_by: [x], digest: 'sha256:1'}]",
    ],
)
def test_a_lock_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "images.lock").write_text(text)
    with pytest.raises(ImageLockError, match=r"images\.lock: must be a list under `images`"):
        read(tmp_path / "images.lock")


def test_known_digests_are_kept_and_only_unknown_ones_are_asked_for() -> None:
    asked: list[Image] = []

    def digest(image: Image) -> str | None:
        asked.append(image)
        return OTHER if image.path.endswith("new") else None

    names = ("grafana/loki:3.7.6", "quay.io/a/new:1", f"quay.io/a/own@{DIGEST}", "quay.io/z/z:1")
    used = users_of([({name: ["logs"] for name in names}, "")])
    lock = {str(one.image): one.digest for one in locked(used, [KNOWN], digest)}
    assert lock == {
        "docker.io/grafana/loki:3.7.6": DIGEST,
        "quay.io/a/new:1": OTHER,
        f"quay.io/a/own@{DIGEST}": DIGEST,
        "quay.io/z/z:1": None,
    }
    assert [image.path for image in asked] == ["a/new", "z/z"]


def test_what_one_stack_takes_from_a_mirror_is_the_image_of_the_others() -> None:
    stacks = [
        ({"mirror.example/grafana/loki:3.7.6": ["logs"], "mirror.example/own/a:1": ["x"]}, "mirror.example"),
        ({"grafana/loki:3.7.6": ["metrics"]}, ""),
    ]  # fmt: skip
    assert {str(image): by for image, by in users_of(stacks).items()} == {
        "docker.io/grafana/loki:3.7.6": ("logs", "metrics"),
        "mirror.example/own/a:1": ("x",),
    }


def test_a_list_says_what_is_locked_and_which_digest_is_known() -> None:
    rows = listed({"grafana/loki:3.7.6": ["logs"], "memcached:1.6": ["logs"], "x:1": ["y"]}, [KNOWN, MEMCACHED], "")
    assert [(row["name"], row["digest"], row["locked"]) for row in rows] == [
        ("grafana/loki:3.7.6", DIGEST, True),
        ("memcached:1.6", None, True),
        ("x:1", None, False),
    ]
