"""The keys that a chart's values.yaml shows: set ones, and commented-out examples at their indentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from obs.chartkeys.flow import EACH
from obs.chartkeys.tree import KeyNode, step, tree_of

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r"(\s*)#+( *)(.*)")
_KEY = re.compile(r"""(?P<dashes>(?:-\ +)*)(?:(?P<key>[A-Za-z0-9_][\w./-]*|"[^"]+"|'[^']+'):(?:\s.*)?)?$""", re.X)


@dataclass(frozen=True, slots=True)
class _Place:
    """A key (or item) that starts at ``column``; what is below it stands further right."""

    line: int
    column: int
    node: KeyNode


def documented(text: str) -> KeyNode:
    """The tree of a values.yaml: its keys and kinds, and the keys of commented-out examples.

    A comment is read as YAML that starts where its ``#`` stands; every blank after the first one counts as
    indentation. Raises yaml.YAMLError, also for YAML that is not a map.
    """
    values = yaml.load(text, Loader=Loader) or {}
    if not isinstance(values, dict):
        raise yaml.YAMLError("values.yaml is not a map of keys")
    tree = tree_of(values)
    root = yaml.compose(text, Loader=Loader)
    places = sorted(_places(root, tree), key=lambda p: (p.line, p.column)) if root else []
    literal = {line for span in _literals(root) for line in span} if root else set()
    _read_comments(text.splitlines(), places, literal, tree)
    return tree


def _places(yaml_node: yaml.Node, node: KeyNode) -> Iterator[_Place]:
    if isinstance(yaml_node, yaml.MappingNode) and not yaml_node.flow_style:
        for key, value in yaml_node.value:
            below = node.get("keys", {}).get(str(key.value))
            if below is not None:
                yield _Place(key.start_mark.line, key.start_mark.column, below)
                yield from _places(value, below)
    elif isinstance(yaml_node, yaml.SequenceNode) and not yaml_node.flow_style:
        for item in yaml_node.value:
            each = node.setdefault("each", {})
            yield _Place(item.start_mark.line, item.start_mark.column - 2, each)
            yield from _places(item, each)


def _literals(yaml_node: yaml.Node) -> Iterator[range]:
    """The lines of texts that span several lines, where # starts no comment."""
    if isinstance(yaml_node, yaml.ScalarNode):
        yield range(yaml_node.start_mark.line + 1, yaml_node.end_mark.line)
    elif isinstance(yaml_node, yaml.CollectionNode):
        for item in yaml_node.value:
            for inner in item if isinstance(item, tuple) else (item,):
                yield from _literals(inner)


def _read_comments(lines: list[str], places: list[_Place], literal: set[int], root: KeyNode) -> None:
    real: list[_Place] = []
    shown: list[_Place] = []
    upcoming = iter([*places, _Place(len(lines), 0, root)])
    following = next(upcoming)
    for number, line in enumerate(lines):
        while following.line <= number:
            real = [place for place in real if place.column < following.column] + [following]
            shown = []
            following = next(upcoming)
        match = _COMMENT.match(line)
        if match is None or number in literal:
            continue
        column, content = _uncomment(match)
        key = _KEY.match(content)
        if key is None or not (key["key"] or key["dashes"]):
            continue
        for offset, mark in enumerate(key["dashes"]):
            if mark == "-":
                _show(EACH, column + offset, real, shown, root)
        if key["key"]:
            _show(key["key"].strip("\"'"), column + len(key["dashes"]), real, shown, root)


def _uncomment(match: re.Match[str]) -> tuple[int, str]:
    """Column and text of a comment's content; a comment within the comment is opened too."""
    column, content = len(match[1]) + max(0, len(match[2]) - 1), match[3]
    inner = _COMMENT.match(content) if content.startswith("#") else None
    if inner is None:
        return column, content
    deeper, content = _uncomment(inner)
    return column + deeper, content


def _show(name: str, column: int, real: list[_Place], shown: list[_Place], root: KeyNode) -> None:
    """Add an example key (or item) below the place that it belongs to by its column."""
    is_item = name == EACH

    def encloses(place: _Place) -> bool:
        # A list may stand at the column of its own key.
        return place.column < column or (is_item and place.column == column and not _has_keys(place.node))

    while shown and not encloses(shown[-1]):
        shown.pop()
    outer = next((place for place in (*reversed(shown), *reversed(real)) if encloses(place)), None)
    if is_item and (outer is None or _has_keys(outer.node)):
        outer = _Place(0, 0, {})  # prose that begins with a dash
    shown.append(_Place(0, column, step(outer.node if outer else root, name)))


def _has_keys(node: KeyNode) -> bool:
    return bool(node.get("keys"))
