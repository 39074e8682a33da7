"""How often rules are evaluated: by the interval of their group, or else by that of who evaluates them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obs.diff.entry import Entry, arrow
from obs.diff.pair import Pair


def groups(pair: Pair) -> Iterator[Entry]:
    """Groups that both sides have, and those that evaluate them."""
    one, other = pair.before.rules.groups, pair.after.rules.groups
    for name in sorted(one.keys() & other.keys()):
        before, after = one[name], other[name]
        found = [f"interval {arrow(before.interval, after.interval)}"] if before.interval != after.interval else []
        found += [f"limit {arrow(before.limit, after.limit)}"] if before.limit != after.limit else []
        if found:
            yield Entry(
                topic="rule groups",
                subject=f"group {name}",
                text=f"{'; '.join(found)}, of {after.rules} rules{', alerts among them' * after.alerts}",
                where=pair.place(after.subject),
                why="its PrometheusRule says how often the group is evaluated",
            )
    yield from common(pair, "rule groups", {"evaluationInterval": "of every group without an interval of its own"})


def common(pair: Pair, topic: str, fields: Mapping[str, str]) -> Iterator[Entry]:
    """What holds where a group or a monitor says nothing; ``fields`` says in words for what each does."""
    for change in pair.of("Prometheus", "ThanosRuler"):
        if change.before is None or change.after is None:
            continue
        one, other = change.before.spec, change.after.spec
        found = [
            f"{f} {arrow(one.get(f), other.get(f))}, {words}"
            for f, words in fields.items()
            if one.get(f) != other.get(f)
        ]
        if found:
            yield Entry(
                topic=topic,
                subject=change.subject,
                text="; ".join(found),
                where=change.where,
                why="a field of its spec differs",
            )
