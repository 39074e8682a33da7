"""The rendering as files: where each object goes, the same bytes each time, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs import write
from obs.expand import PROGRAM, Expansion, RenderedChart, RenderedObject
from obs.write import FolderRefused, write_rendering


def own(kind: str, name: str, namespace: str = "", *, component: str = "metrics", **fields: Any) -> RenderedObject:
    manifest = {"kind": kind, "apiVersion": "v1", "metadata": {"name": name, "namespace": namespace}, **fields}
    return RenderedObject(
        component=component,
        origin=PROGRAM,
        api_version="v1",
        kind=kind,
        namespace=namespace,
        name=name,
        manifest=manifest,
    )


def of_chart(kind: str, name: str, text: str, *, origin: str = "tiny", api_version: str = "v1") -> RenderedObject:
    return RenderedObject(
        component="metrics", origin=origin, api_version=api_version, kind=kind, namespace="n", name=name, text=text
    )


def chart(**values: Any) -> RenderedChart:
    return RenderedChart(
        component="metrics",
        origin="tiny",
        name="tiny",
        version="1.2.3",
        release="r",
        namespace="n",
        values=values,
        state="missing",
    )


EXPANSION = Expansion(
    objects=(
        own("Namespace", "monitoring", component="base"),
        own("ConfigMap", "c", "n", data={"z": "1", "a": "one\ntwo\n"}),
        of_chart("ClusterRole", "system:x", "# Source: tiny\nkind: ClusterRole\n"),
    ),
    charts=(chart(b=1, a={"d": [2], "c": None}),),
)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_objects_lie_by_component_and_chart_with_the_charts_values(tmp_path: Path) -> None:
    out = tmp_path / "build" / "prod"
    written = write_rendering(out, EXPANSION)
    assert files(out) == {
        ".obs-rendering": (out / ".obs-rendering").read_bytes(),
        "base/namespace-monitoring.yaml": (
            b"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: monitoring\n  namespace: ''\n"
        ),
        "metrics/configmap-n-c.yaml": (
            b'apiVersion: v1\ndata:\n  a: |\n    one\n    two\n  z: "1"\nkind: ConfigMap\n'
            b'metadata:\n  name: c\n  namespace: "n"\n'
        ),
        "metrics/tiny/clusterrole-n-system_x.yaml": b"# Source: tiny\nkind: ClusterRole\n",
        "metrics/tiny/values.yaml": b"a:\n  c: null\n  d:\n  - 2\nb: 1\n",
    }
    assert written == sorted(Path(name) for name in files(out) if name != ".obs-rendering")


def test_two_runs_give_the_same_bytes_whatever_the_order_of_keys(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    write_rendering(first, EXPANSION)
    (object_,) = (o for o in EXPANSION.objects if o.kind == "ConfigMap")
    turned = dict(reversed((object_.manifest or {}).items()))
    again = own("ConfigMap", "c", "n", **{k: v for k, v in turned.items() if k == "data"})
    others = tuple(o for o in EXPANSION.objects if o.kind != "ConfigMap")
    write_rendering(second, Expansion((*reversed(others), again), (chart(a={"c": None, "d": [2]}, b=1),)))
    assert files(first) == files(second)


def test_a_new_rendering_replaces_the_old_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "prod"
    write_rendering(out, EXPANSION)
    write_rendering(out, Expansion((own("Namespace", "other"),), ()))
    assert sorted(files(out)) == [".obs-rendering", "metrics/namespace-other.yaml"]
    assert [p.name for p in tmp_path.iterdir()] == ["prod"]


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    write_rendering(tmp_path, EXPANSION)
    assert "base/namespace-monitoring.yaml" in files(tmp_path)


def test_a_folder_that_obs_did_not_write_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderRefused, match="holds files that obs did not write"):
        write_rendering(tmp_path, EXPANSION)
    with pytest.raises(FolderRefused, match=r"thesis\.txt is a file"):
        write_rendering(tmp_path / "thesis.txt", EXPANSION)
    assert files(tmp_path) == {"thesis.txt": b"years of work"}


def test_a_linked_folder_is_replaced_behind_its_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_rendering(tmp_path / "link", EXPANSION)
    assert (tmp_path / "link").is_symlink()
    assert "base/namespace-monitoring.yaml" in files(tmp_path / "real")


@pytest.mark.parametrize("failing", ["write_bytes", "rename"])
def test_a_failure_half_way_keeps_the_old_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    out = tmp_path / "prod"
    write_rendering(out, EXPANSION)
    before = files(out)
    works, calls = getattr(Path, failing), iter(range(9))

    def fails_second(path: Path, given: Any) -> Any:
        if next(calls) == 1:
            raise OSError("no space left on device")
        return works(path, given)

    monkeypatch.setattr(Path, failing, fails_second)
    with pytest.raises(OSError, match="no space"):
        write_rendering(out, Expansion((own("A", "a"), own("B", "b")), ()))
    assert files(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["prod"]


@pytest.mark.parametrize(
    "pair",
    [
        (own("Role", "c", "a-b"), own("Role", "b-c", "a")),
        (own("Role", "a:b"), own("Role", "a_b")),
        (own("Role", "Admin"), own("Role", "admin")),
        (
            of_chart("Probe", "p", "kind: Probe\n", api_version="monitoring.coreos.com/v1"),
            of_chart("Probe", "p", "kind: Probe\n", api_version="other.example/v1"),
        ),
    ],
    ids=["hyphens", "unsafe letters", "letter case", "API groups"],
)
def test_objects_that_would_share_a_file_get_one_each(tmp_path: Path, pair: tuple[RenderedObject, ...]) -> None:
    first = write_rendering(tmp_path / "a", Expansion(pair, ()))
    assert len({str(path).casefold() for path in first}) == 2
    assert first == write_rendering(tmp_path / "b", Expansion(pair[::-1], ()))


def test_the_same_object_twice_is_an_error_that_names_it(tmp_path: Path) -> None:
    twice = (own("Role", "a", "n"), own("Role", "a", "n", rules=[]))
    with pytest.raises(ValueError, match="metrics/role-n-a: the same object twice: v1/Role/n/a"):
        write_rendering(tmp_path / "out", Expansion(twice, ()))
    assert not (tmp_path / "out").exists()


def test_long_and_hostile_names_stay_inside_the_folder(tmp_path: Path) -> None:
    long = [own("Role", "a" * 252 + end) for end in "xy"]
    hostile = own("Role", "../../../escape", component="..")
    paths = write_rendering(tmp_path / "out", Expansion((*long, hostile), ()))
    assert len(paths) == 3
    assert all(len(path.name) < 255 and ".." not in path.parts for path in paths)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    names = {yaml.safe_load((tmp_path / "out" / path).read_text())["metadata"]["name"] for path in paths}
    assert names == {o.name for o in (*long, hostile)}


def test_the_marker_tells_a_reader_not_to_edit(tmp_path: Path) -> None:
    write_rendering(tmp_path / "out", EXPANSION)
    assert "replaces this whole folder" in (tmp_path / "out" / write.MARKER).read_text()
