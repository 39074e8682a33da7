r"""What counts as personal or secret in telemetry: names of attributes, and expressions on texts.

Expressions are of RE2 as Go has it, with the meaning that Python's ``re`` has too (with ``re.ASCII``): tests rest on
that. Each keeps what stands around a match by groups, so that a line of JSON stays JSON.

Go's engine takes 0.1 to 1 µs for each byte of a text where the expression does not begin with a literal: all of them
together 1.2 ms for the attributes of one ordinary span. A hint is a plain text that every match contains, found 100
times faster; where the text has none, the expression is not tried. A test proves that no match is without a hint.
"""

from __future__ import annotations

from dataclasses import dataclass

from settings.telemetry import PersonalDataSettings

MASKED = "****"


@dataclass(frozen=True)
class Mask:
    """Matches of ``pattern`` become ``replacement`` (Go's ``$1`` for a group).

    Tried only where the text, in lower case, contains one of ``hints``; ``digits`` stands for a run of eleven digits,
    hyphens and spaces. Neither: always.
    """

    name: str
    pattern: str
    replacement: str = MASKED
    hints: tuple[str, ...] = ()
    digits: bool = False


DIGITS = r"\d[\d -]{9,}\d"
_QUOTE = r"""\\*["']?"""
_SECRET_WORDS = (
    "passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|x-amz-signature|x-amz-credential|jsessionid"
)
# Shared by everything that goes by names, so that a text is asked for them once.
_NAMES = (
    *("authorization", "cookie", "passw", "passphrase", "pwd", "secret", "token", "credential", "signature"),
    *("jsessionid", "identified", "apikey", "api_key", "api-key", "api.key"),
    *("accesskey", "access_key", "access-key", "access.key", "private_key", "privatekey", "private-key", "private.key"),
)
_SCHEMES = "basic|bearer|digest|negotiate|token|apikey|aws4-hmac-sha256"
# A value ends where its quote does: \" in JSON inside of JSON, " with escapes, ', or without any.
_VALUE = r"""(?:(\\+")(?:[^"\\]|\\[^"])*|(")(?:[^"\\]|\\.)*|(')[^']*|[^\s"'&;,)}\]\\]+)"""

_EMAIL = r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
EMAILS = (Mask("email", _EMAIL, hints=("@", "%40")),)

TOKENS = (
    Mask(
        "private_key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        hints=("private key-----",),
    ),
    Mask("jwt", r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}", hints=("eyj",)),
    # Keys that their issuers made recognisable, so that they can be found. The first apart: Asia is in many a text.
    Mask("aws_key", "A(?:KIA|SIA)[A-Z0-9]{16}", hints=("akia", "asia")),
    Mask(
        "issued_key",
        r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}"
        r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"
        r"|npm_[A-Za-z0-9]{36}|hooks\.slack\.com/services/[A-Za-z0-9/]+",
        hints=(
            *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "aiza", "npm_", "xox"),
            *("k_live_", "k_test_", "hooks.slack.com"),
        ),
    ),
    Mask("bearer", r"(?i)(bearer\s+)[a-z0-9._~+/-]{16,}=*", f"$1{MASKED}", hints=("bearer",)),
    Mask("basic", r"(?i)(basic\s+)[a-z0-9+/]{16,}={0,2}", f"$1{MASKED}", hints=("basic",)),
    Mask(
        "authorization",
        rf"(?i)(authorization{_QUOTE}\s*[:=]\s*{_QUOTE}(?:(?:{_SCHEMES})\s+)?)[^\s\"',;\\]+",
        f"$1{MASKED}",
        hints=_NAMES,
    ),
    Mask(
        "cookie",
        rf"(?i)(cookie{_QUOTE}\s*[:=]\s*{_QUOTE})[^\s\"';=\\]+=[^\s\"';\\]*(?:;\s*[^\s\"';=\\]+=[^\s\"';\\]*)*",
        f"$1{MASKED}",
        hints=_NAMES,
    ),
    Mask(
        "named_number",
        rf"(?i)((?:{_SECRET_WORDS})\"\s*:\s*)(?:null|true|false|-?\d[\d.e+-]*)",
        f'$1"{MASKED}"',
        hints=_NAMES,
    ),
    Mask(
        "named_secret",
        rf"(?i)((?:{_SECRET_WORDS}){_QUOTE}\s*(?:[:=]|%3d)\s*){_VALUE}",
        f"$1$2$3$4{MASKED}",
        hints=_NAMES,
    ),
    Mask("flag", r"(--(?:password|token|secret|api-key)\s+)[^\s\"'\\]+", f"$1{MASKED}", hints=("--",)),
    Mask(
        "sql",
        r"""(?i)((?:identified\s+by(?:\s+values)?|password)\s+\\*["'])[^"'\\]*""",
        f"$1{MASKED}",
        hints=_NAMES,
    ),
    Mask("url_password", r"""(://[^\s/:@"']*:)[^\s/@"']+(@)""", f"$1{MASKED}$2", hints=("://",)),
    Mask("oracle_url", r"""(jdbc:oracle:thin:[^/\s"']*/)[^@\s"']+(@)""", f"$1{MASKED}$2", hints=("jdbc:oracle:",)),
)

# By the first digits of each network, as nothing can add up the check digit here. Not after a letter, a digit or a
# dot: a fraction has as many digits. Diners (14 digits) and Korean domestic cards (9...) only with their separators.
_CARD = (
    r"(?:4\d{3}|5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720|6011|65\d{2}|64[4-9]\d|62\d{2}"
    r"|35(?:2[89]|[3-8]\d))(?:[ -]?\d{4}){3}"
    r"|3[47]\d{2}[ -]?\d{6}[ -]?\d{5}|3(?:0[0-5]|[68]\d)\d[ -]\d{6}[ -]\d{4}|9\d{3}-\d{4}-\d{4}-\d{4}"
)
CARDS = (
    Mask("card_as_number", rf"(\"\s*:\s*)(?:{_CARD})\b", f'$1"{MASKED}"', digits=True),
    Mask("card_number", rf"(^|[^\w.])(?:{_CARD})\b", f"$1{MASKED}", digits=True),
)

# Korean resident and foreigner registration numbers, with their hyphen: 13 digits alone are a time in milliseconds too.
_RRN = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}"
# Never given out as such: areas 000, 666 and 9xx, group 00, serial 0000.
_SSN = (
    r"(?:00[1-9]|0[1-9]\d|[1-578]\d{2}|6(?:[0-57-9]\d|6[0-57-9]))-(?:0[1-9]|[1-9]\d)-"
    r"(?:000[1-9]|00[1-9]\d|0[1-9]\d{2}|[1-9]\d{3})"
)
NATIONAL_IDS = (
    Mask("korean_rrn", rf"(^|[^\w.-]){_RRN}\b", f"$1{MASKED}", digits=True),
    Mask("us_ssn", rf"(^|[^\w.-]){_SSN}\b", f"$1{MASKED}", digits=True),
)

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_H = "[0-9a-f]{1,4}"
IP_ADDRESSES = (
    Mask("ipv4", rf"(^|[^\w.])(?:{_OCTET}\.){{3}}{_OCTET}\b", f"$1{MASKED}", hints=(".",)),
    Mask(
        "ipv6",
        rf"(?i)(^|[^\w:.])(?:(?:{_H}:){{7}}{_H}|(?:{_H}:){{1,6}}(?::{_H}){{1,6}}|::(?:{_H}:){{0,6}}{_H})\b",
        f"$1{MASKED}",
        hints=(":",),
    ),
)

# Ids of spans in free text, and in the header traceparent: sixteen hexadecimal digits, of which one in 8,000 would
# pass for a card number.
_ID_NAME = r"(?i:(?:span|trace|parent)[._ -]?(?:span)?[._ -]?id)"
SPAN_ID = rf"((?:{_ID_NAME}{_QUOTE}\s*[:=]\s*{_QUOTE}|00-[0-9a-f]{{32}}-)\d)(\d{{15}}\b)"
SPAN_ID_KEYS = ("span_id", "spanId", "span.id", "parent_id", "parent_span_id")
SPAN_ID_VALUE = r"^(\d)(\d{15})$"
MARK = "\ue000"
"""Put inside such an id while card numbers are looked for; of the private use area, so that no text has it."""


def masks(personal: PersonalDataSettings) -> tuple[Mask, ...]:
    """What the settings ask for, in the order in which it is applied."""
    found = (
        *(TOKENS if personal.tokens else ()),
        *(EMAILS if personal.emails else ()),
        *(CARDS if personal.card_numbers else ()),
        *(NATIONAL_IDS if personal.national_ids else ()),
        *(IP_ADDRESSES if personal.ip_addresses else ()),
    )
    return (*found, *(Mask(name, pattern) for name, pattern in personal.patterns.items()))


@dataclass(frozen=True)
class Keys:
    """Names of attributes, in whatever case, that are removed with whatever they hold. ``hints`` as of a mask.

    They are looked for in the attributes as JSON, so that ``":`` after a short one says that a name ends with it.
    """

    pattern: str
    hints: tuple[str, ...]


# A name that ends so (the items of a list are numbered, .0): credentials.
SECRET_KEYS = Keys(
    r"(authorization|cookie2?|passw(or)?d|passphrase|pwd|secret|token|credentials?|(api|access|private)[._-]?key"
    r"|jsessionid|x-amz-signature)([._-]?\d+)?$",
    _NAMES,
)
CARD_KEYS = Keys(r"(^|[._-])(card[._-]?(number|num|no)|pan|cvv2?|cvc2?)$", ("card", 'pan":', "cvv", "cvc"))
ID_KEYS = Keys(
    r"(^|[._-])(rrn|resident[._-]?registration[._-]?(number|no)|jumin[._-]?(no|num|bunho)?|ssn)$",
    ('rrn":', "resident", "jumin", 'ssn":'),
)
# The person at the other end: addresses and names of clients. Arguments of processes hold passwords often enough.
PERSON_KEYS = Keys(
    r"^(client\.address|client\.socket\.address|source\.address|network\.peer\.address|net\.(sock\.)?peer\.(addr|ip)"
    r"|http\.client_ip|http\.request\.header\.(x[-_]forwarded[-_]for|x[-_]real[-_]ip|forwarded|true[-_]client[-_]ip)(\.\d+)?"
    r"|user\.(email|full_name|name)|enduser\..*|process\.command_(args|line)(\.\d+)?)$",
    ("client", "source.address", "peer.", "forwarded", "x-real", "x_real", "user.", "process.command"),
)


def removed_keys(personal: PersonalDataSettings) -> tuple[Keys, ...]:
    """What the settings ask for; the person at the other end always."""
    return (
        PERSON_KEYS,
        *((SECRET_KEYS,) if personal.tokens else ()),
        *((CARD_KEYS,) if personal.card_numbers else ()),
        *((ID_KEYS,) if personal.national_ids else ()),
    )
