"""Why a query answers with nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from model.expr import Expr
from model.promql import absent, binary, eq, increase, matching, max_by, metric, rate, sum_by, unless
from model.rule import RecordingRule
from obs.verify.explain import Explainer, Why, without_comparisons

RARE = metric("rare", may_be_absent="only while it happens")
GONE = metric("gone")
HERE = metric("here")


def why(expr: Expr, *data: Expr, records: tuple[RecordingRule, ...] = ()) -> Why | None:
    """``data`` are the expressions that answer with something."""
    known = {str(one) for one in data}
    return Explainer(lambda query: query.removeprefix("count(").removesuffix(")") in known, records).why(expr)


def asking(asked: list[str], *, answer: bool) -> Callable[[str], bool]:
    def ask(query: str) -> bool:
        asked.append(query)
        return answer

    return ask


def unexplained(expr: Expr, *data: Expr, records: tuple[RecordingRule, ...] = ()) -> str:
    found = why(expr, *data, records=records)
    assert found is not None
    assert not found.expected
    return found.reason


def explained(expr: Expr, *data: Expr, records: tuple[RecordingRule, ...] = ()) -> str:
    found = why(expr, *data, records=records)
    assert found is not None
    assert found.expected
    return found.reason


def test_what_has_data_needs_no_reason() -> None:
    assert why(HERE, HERE) is None


def test_a_series_may_give_a_reason_for_its_absence() -> None:
    assert explained(sum_by(RARE)) == "only while it happens"


def test_a_series_without_a_reason_is_missing() -> None:
    assert unexplained(max_by(GONE.where(eq("state", "bad")), "pod")) == 'there is no series gone{state="bad"}'


def test_a_comparison_that_nothing_passes_is_a_good_answer() -> None:
    assert explained(max_by(HERE, "node") > 0, max_by(HERE, "node")) == "nothing passes > 0 at the moment"


def test_a_comparison_of_a_series_that_is_not_there_explains_nothing() -> None:
    assert unexplained(max_by(GONE, "node") > 0) == "there is no series gone"


def test_a_share_of_no_traffic_is_a_good_answer() -> None:
    share = GONE / (HERE > 0)
    assert explained(share, HERE, GONE / HERE) == "nothing passes > 0 at the moment"


def test_of_a_fraction_both_sides_must_be_explained() -> None:
    assert unexplained(RARE / GONE) == "there is no series gone"
    assert unexplained(GONE / RARE) == "there is no series gone"
    assert explained(RARE / HERE, HERE) == "only while it happens"


def test_of_or_one_side_is_enough() -> None:
    assert explained(GONE | RARE) == "only while it happens"
    assert unexplained(GONE | metric("gone_too")) == "there is no series gone"


def test_sides_that_do_not_match_are_told() -> None:
    joined = binary("*", HERE, metric("there"), on=("pod",))
    assert unexplained(joined, HERE, metric("there")) == "both sides of '*' have series, but their labels do not match"


def test_what_is_wholly_excepted_is_a_good_answer() -> None:
    assert explained(unless(HERE, metric("there")), HERE, metric("there")) == "all of it is excepted by there"
    assert unexplained(unless(GONE, HERE), HERE) == "there is no series gone"


def test_absent_is_silent_while_the_thing_is_there() -> None:
    assert explained(absent(HERE), HERE) == "here is there, so absent() is silent"


def test_a_range_is_asked_for_as_its_last_value() -> None:
    asked: list[str] = []
    Explainer(asking(asked, answer=False), ()).why(rate(HERE, "5m"))
    assert asked == ["count(rate(here[5m]))", "count(last_over_time(here[5m]))"]


def test_a_series_with_too_few_samples_is_told() -> None:
    last = metric("x")
    found = Explainer(lambda query: "last_over_time" in query, ()).why(increase(last, "5m"))
    assert found == Why(False, "its series are there, but increase() makes nothing of them (too few samples yet?)")


def test_behind_an_empty_record_is_its_expression() -> None:
    rule = RecordingRule(record="level:rare:max", expr=sum_by(RARE))
    assert explained(metric("level:rare:max"), records=(rule,)) == "level:rare:max is empty: only while it happens"


def test_a_record_whose_expression_has_data_is_not_evaluated() -> None:
    rule = RecordingRule(record="level:here:max", expr=sum_by(HERE))
    assert "is not stored although its expression has data" in unexplained(
        metric("level:here:max"), sum_by(HERE), records=(rule,)
    )


def test_of_records_with_one_name_that_with_the_label_counts() -> None:
    rules = (
        RecordingRule(record="slo:bad:rate", expr=GONE, labels={"slo": "a"}),
        RecordingRule(record="slo:bad:rate", expr=RARE, labels={"slo": "b"}),
    )
    assert explained(metric("slo:bad:rate", eq("slo", "b")), records=rules).endswith("only while it happens")
    assert unexplained(metric("slo:bad:rate", eq("slo", "a")), records=rules).endswith("there is no series gone")


def test_every_selector_is_narrowed_to_the_cluster() -> None:
    asked: list[str] = []
    Explainer(asking(asked, answer=True), (), (matching("cluster", "a|"),)).why(sum_by(HERE) / GONE)
    assert asked == ['count(sum by (cluster) (here{cluster=~"a|"}) / gone{cluster=~"a|"})']


@pytest.mark.parametrize(
    ("expr", "without"),
    [
        (max_by(HERE > 0, "a") > 1, "max by (cluster, a) (here)"),
        (HERE > GONE, "here > gone"),
        (unless(HERE > 0, GONE > 0), "here unless gone > 0"),
        (absent(HERE > 0), "absent(here > 0)"),
    ],
)
def test_limits_are_taken_away_but_not_where_that_would_empty_the_answer(expr: Expr, without: str) -> None:
    assert str(without_comparisons(expr)) == without


def test_a_record_that_gives_a_reason_is_explained_unless_it_is_not_evaluated() -> None:
    record = RecordingRule(record="team:it:rate5m", expr=sum_by(GONE))
    read = metric("team:it:rate5m", may_be_absent="what does not grow has no forecast")
    assert explained(max_by(read), records=(record,)) == "what does not grow has no forecast"
    stopped = unexplained(max_by(read), sum_by(GONE), records=(record,))
    assert stopped == "team:it:rate5m is not stored although its expression has data: is it evaluated?"


def test_a_record_that_does_not_reach_back_yet_is_not_called_unevaluated() -> None:
    record = RecordingRule(record="team:it:ratio", expr=sum_by(HERE))
    now = metric("team:it:ratio")
    missing = why(now.ago("6h") * 2, now, sum_by(HERE), records=(record,))
    assert missing == Why(True, "team:it:ratio has no history of 6h yet")


def test_a_comparison_of_two_series_that_is_false_is_the_good_case() -> None:
    full = binary(">=", metric("there"), metric("there"))
    asked = Explainer(lambda query: ">=" not in query, ())
    assert asked.why(full) == Why(True, "nothing passes >= there at the moment")
    unlike = Explainer(lambda query: ">=" not in query and " - " not in query, ()).why(full)
    assert unlike == Why(False, "both sides of '>=' have series, but their labels do not match")


def test_what_is_younger_than_it_is_looked_back_is_explained() -> None:
    young = Explainer(lambda query: "offset" not in query, ()).why(metric("there").ago("6h"))
    assert young == Why(True, "there has no history of 6h yet")
