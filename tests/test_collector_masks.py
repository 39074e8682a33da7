"""Personal data and secrets are found in whatever surrounds them, and nothing else is changed.

Here by Python's engine; tests/e2e/test_collector.py sends the same texts through the real collector.
"""

from __future__ import annotations

import datetime
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from personal_data import NUMERIC_SPAN_ID, PLANTED, SURVIVES, TRACE_ID, Planted, hinted, masked, replaced
from pydantic import ValidationError

from components import collector_masks as m
from settings.telemetry import PersonalDataSettings

EVERYTHING = PersonalDataSettings(ip_addresses=True)
NOTHING = PersonalDataSettings(emails=False, tokens=False, card_numbers=False, national_ids=False)
GROUPS = {
    "emails": m.EMAILS,
    "tokens": m.TOKENS,
    "card_numbers": m.CARDS,
    "national_ids": m.NATIONAL_IDS,
    "ip_addresses": m.IP_ADDRESSES,
}
ALL = [mask for group in GROUPS.values() for mask in group]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: p.text[:30])
def test_what_is_planted_goes_and_what_stands_beside_it_stays(planted: Planted) -> None:
    assert planted.secret in planted.text
    result = masked(planted.text)
    assert planted.secret not in result
    assert planted.kept in result
    assert m.MASKED in result


@pytest.mark.parametrize("text", SURVIVES, ids=lambda t: t[:30] or "nothing")
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("text", [p.text for p in PLANTED if p.text.startswith("{")])
def test_json_stays_json(text: str) -> None:
    assert json.loads(masked(text)).keys() == json.loads(text).keys()


@pytest.mark.parametrize("text", [p.text for p in PLANTED[::5]])
def test_what_is_masked_once_is_not_changed_again(text: str) -> None:
    assert masked(masked(text)) == masked(text)


def test_every_mask_is_used_by_a_planted_text() -> None:
    used = {mask.name for mask in ALL for p in PLANTED if replaced(mask, p.text) != p.text}
    assert {mask.name for mask in ALL} - used == {mask.name for mask in m.IP_ADDRESSES}


@pytest.mark.parametrize("name", ["emails", "tokens", "card_numbers", "national_ids"])
def test_a_kind_that_is_off_is_not_masked(name: str) -> None:
    without = PersonalDataSettings.model_validate({name: False})
    assert not set(GROUPS[name]) & set(m.masks(without))
    assert set(m.masks(PersonalDataSettings())) - set(m.masks(without)) == set(GROUPS[name])


def test_nothing_is_masked_where_all_is_off() -> None:
    assert all(masked(p.text, NOTHING) == p.text for p in PLANTED)


@pytest.mark.parametrize(
    "address", ["203.0.113.7", "10.0.0.1", "2001:db8::8a2e:370:7334", "::1", "2001:db8:0:0:0:0:2:1"]
)
def test_addresses_are_masked_where_that_is_wanted(address: str) -> None:
    text = f"from {address} port 443"
    assert masked(text) == text
    assert masked(text, EVERYTHING) == "from **** port 443"


@pytest.mark.parametrize("text", ["at 10:15:30", "std::string", "1.2.3", "f.b::", "a=1:2"])
def test_times_and_versions_are_not_addresses(text: str) -> None:
    assert masked(text, EVERYTHING) == text


@pytest.mark.parametrize("pattern", [r"[*+]x", r"\p{Hangul}{2,4}", "a+?b*?", r"\?+", r"(?i)x{2,3}?", r"[^\]]+"])
def test_a_pattern_that_the_collector_takes_is_taken(pattern: str) -> None:
    assert PersonalDataSettings(patterns={"own": pattern}).patterns == {"own": pattern}


def test_own_patterns_are_masked_too() -> None:
    own = PersonalDataSettings(patterns={"phone": r"01[016789]-\d{3,4}-\d{4}"})
    assert masked("call 010-1234-5678 now", own) == "call **** now"


@pytest.mark.parametrize("pattern", [r"(?=x)", r"(?<!x)y", r"(a)\1", r"a++", r"(?P<n>a)(?P=n)", r"(?>a)", r"a\Z", "("])
def test_a_pattern_that_the_collector_would_refuse_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="must be a regular expression"):
        PersonalDataSettings(patterns={"own": pattern})


# --- properties


@pytest.mark.parametrize("mask", ALL, ids=lambda mask: mask.name)
def test_no_match_is_without_its_hint(mask: m.Mask) -> None:
    @settings(max_examples=30)  # the generator takes 20 ms for some of these
    @given(st.from_regex(re.compile(mask.pattern, re.ASCII)))
    def check(text: str) -> None:
        assert hinted(mask.hints, text) or (mask.digits and re.search(m.DIGITS, text))

    check()


def _boundary(text: str) -> str:
    return f"x {text} y"


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.text("0123456789abcdef", min_size=16, max_size=16))
def test_ids_of_traces_and_spans_survive(trace: str, span: str) -> None:
    for text in (f"trace_id={trace} span_id={span}", f'{{"trace_id":"{trace}","span_id":"{span}"}}', trace):
        assert masked(text) == text


@given(st.sampled_from(["41", "51", "55", "62", "65"]), st.text("0123456789", min_size=14, max_size=14))
def test_an_id_of_a_span_survives_although_it_looks_like_a_card(network: str, rest: str) -> None:
    digits = network + rest
    assert masked(f"span_id: {digits}") == f"span_id: {digits}"
    assert masked(f"00-{TRACE_ID}-{digits}-01") == f"00-{TRACE_ID}-{digits}-01"


@given(
    st.one_of(
        st.integers(-(10**12), 10**12),
        st.floats(-1e12, 1e12),
        st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2039, 1, 1)),
        st.uuids(),
    )
)
def test_numbers_times_and_uuids_survive(value: object) -> None:
    assert masked(f"value={value} end", PersonalDataSettings()) == f"value={value} end"


@given(st.datetimes(datetime.datetime(2001, 9, 10), datetime.datetime(2033, 1, 1)), st.sampled_from([3, 6, 9]))
def test_times_since_the_epoch_survive(moment: datetime.datetime, digits: int) -> None:
    text = str(int(moment.replace(tzinfo=datetime.UTC).timestamp() * 10**digits))
    assert masked(_boundary(text)) == _boundary(text)


def _with_check_digit(digits: str) -> str:
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return f"{digits}{-sum(d - 9 if d > 9 else d for d in doubled) % 10}"


_CARDS = st.builds(
    lambda prefix, rest: _with_check_digit((prefix + rest)[:15]),
    st.sampled_from(["4", "51", "55", "2221", "2720", "6011", "65", "644", "62", "3528", "3589"]),
    st.text("0123456789", min_size=15, max_size=15),
)


@given(_CARDS, st.sampled_from(["", " ", "-"]), st.sampled_from([" {} ", "no={},", '"{}"', "({})", "{}", ":{};"]))
def test_card_numbers_of_every_network_go(number: str, separator: str, around: str) -> None:
    text = around.format(separator.join(number[i : i + 4] for i in range(0, 16, 4)))
    assert masked(text) == around.format(m.MASKED)


_LOCAL = st.text("abcxyzABC0189._%+-", min_size=1, max_size=20)
_DOMAIN = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(st.text("abcxyz0189-", min_size=1, max_size=10), min_size=1, max_size=3),
    st.text("abcxyz", min_size=2, max_size=6),
)


@given(_LOCAL, _DOMAIN, st.sampled_from(["@", "%40"]), st.sampled_from(["<{}>", '"{}"', "to={}&a=1", " {} ", "{};"]))
def test_emails_go_whatever_stands_around_them(local: str, domain: str, at: str, around: str) -> None:
    address = f"{local}{at}{domain}"
    result = masked(around.format(address))
    assert address not in result
    assert result.startswith(around.split("{}", maxsplit=1)[0])


@given(st.text())
def test_text_without_digits_signs_or_names_of_secrets_is_not_touched(text: str) -> None:
    if not any(hinted(mask.hints, text) for mask in ALL) and not re.search(m.DIGITS, text, re.ASCII):
        assert masked(text) == text


# --- names of attributes

REMOVED = (
    "authorization",
    "http.request.header.authorization",
    "http.request.header.authorization.0",
    "http.request.header.cookie",
    "http.response.header.set-cookie.1",
    "db.password",
    "userPassword",
    "PWD",
    "client_secret",
    "clientSecret",
    "access_token",
    "X-Api-Key",
    "aws.credentials",
    "card.number",
    "payment.cvv",
    "rrn",
    "user.ssn",
    "client.address",
    "http.request.header.x-forwarded-for.0",
    "net.sock.peer.addr",
    "user.email",
    "enduser.id",
    "process.command_args.3",
    "process.command_line",
)
KEPT = (
    "gen_ai.usage.input_tokens",
    "token_type",
    "max_tokens",
    "k8s.secret.name",
    "passwordless",
    "http.request.method",
    "http.response.status_code",
    "server.address",
    "server.port",
    "service.instance.id",
    "k8s.pod.name",
    "k8s.pod.ip",
    "db.query.text",
    "url.full",
    "user.id",
    "trace_id",
    "span_id",
    "company",
    "spanning",
    "pan_id",
    "assn",
    "author",
    "cookies.accepted",
    "sampling.ratio",
    "exception.message",
)


def _removed(key: str, personal: PersonalDataSettings) -> bool:
    """As the collector asks: where the attributes as JSON have a hint, by the expression."""
    asked = (keys for keys in m.removed_keys(personal) if hinted(keys.hints, f'{{"{key}":"x"}}'))
    return any(re.search(f"(?i){keys.pattern}", key) for keys in asked)


@pytest.mark.parametrize("key", REMOVED)
def test_an_attribute_that_is_secret_by_its_name_is_removed(key: str) -> None:
    assert _removed(key, PersonalDataSettings())


@pytest.mark.parametrize("key", KEPT)
def test_an_attribute_with_an_ordinary_name_is_kept(key: str) -> None:
    assert not _removed(key, PersonalDataSettings())


@pytest.mark.parametrize("keys", m.removed_keys(PersonalDataSettings()), ids=lambda keys: keys.hints[0])
def test_no_name_that_is_removed_is_without_its_hint(keys: m.Keys) -> None:
    @settings(max_examples=50)
    @given(st.from_regex(re.compile(f"(?i){keys.pattern}", re.ASCII)).filter(lambda key: not key.endswith("\n")))
    def check(key: str) -> None:
        assert hinted(keys.hints, json.dumps({key: "x"}, separators=(",", ":")))

    check()


def test_names_follow_the_settings() -> None:
    assert not _removed("db.password", NOTHING)
    assert not _removed("card.number", NOTHING)
    assert _removed("client.address", NOTHING)


def test_the_planted_span_id_would_pass_for_a_card() -> None:
    assert masked(f"no {NUMERIC_SPAN_ID}") == f"no {m.MASKED}"
