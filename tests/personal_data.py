"""Texts with personal data and secrets, made up or test values of their issuers, and texts that only look so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from components import collector_masks as m
from settings.telemetry import PersonalDataSettings

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
SLACK = "xoxb-" + "123456789012-abcdefABCDEF"


@dataclass(frozen=True)
class Planted:
    """``secret`` must be nowhere in what comes out for ``text``; ``kept`` must."""

    text: str
    secret: str
    kept: str = ""


PLANTED = (
    # emails
    Planted("mail to kim.minsu+shop@ojeomneo.co.kr bounced", "kim.minsu", "bounced"),
    Planted("GET /users?email=jane_doe%40example.com&page=2", "jane_doe", "&page=2"),
    Planted('{"user":{"email":"a.b-c@sub.mail.example.org"},"ok":true}', "a.b-c@sub", '"ok":true}'),
    Planted("<first@example.com>,second@example.com;third@example.com", "third", ">,"),
    Planted("UPPER.CASE@EXAMPLE.COM", "UPPER.CASE"),
    # tokens
    Planted(f"Authorization: Bearer {JWT}", "c2lnbmF0dXJl", "Authorization: Bearer "),
    Planted("authorization=Basic dXNlcjpwYXNz next=1", "dXNlcjpwYXNz", "next=1"),
    Planted("curl -H 'Authorization: Token 9944b09199c62bcf9418'", "9944b09199c62bcf9418", "curl -H"),
    Planted('{"authorization": "Bearer abcdefghijklmnop", "host": "api"}', "abcdefghijklmnop", '"host": "api"}'),
    Planted(f"id_token in fragment #{JWT}", "eyJzdWIi"),
    Planted("sent bearer A1b2C3d4E5f6G7h8I9 to upstream", "A1b2C3d4E5f6", "to upstream"),
    Planted("proxy sent Basic YWxhZGRpbjpvcGVuc2VzYW1l back", "YWxhZGRpbjpvcGVuc2VzYW1l", "back"),
    Planted(f"key {AWS_KEY} denied", AWS_KEY, "denied"),
    Planted(f"git clone https://x:{GITHUB}@github.com/org/repo.git", GITHUB, "github.com/org/repo.git"),
    Planted(f"posting with {SLACK}", SLACK),
    Planted("https://hooks.slack.com/services/T000/B000/XXXXXXXX failed", "T000/B000", "failed"),
    Planted("Cookie: session=abc123; theme=dark", "abc123"),
    Planted("Set-Cookie: JSESSIONID=6F3A9B; Path=/; HttpOnly", "6F3A9B", "HttpOnly"),
    Planted(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nabc\n-----END RSA PRIVATE KEY----- loaded",
        "MIIEowIBAAKCAQEA7",
        "loaded",
    ),
    Planted("-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg cut", "MIIEvQIBADANBg"),
    # secrets by their name, in queries, SQL, JSON, JSON in JSON, flags
    Planted("POST /login?user=kim&password=hunter2&next=/", "hunter2", "&next=/"),
    Planted("db.password = 'p w d' # comment", "p w d", "# comment"),
    Planted('{"password":"s3cr\\"et","a":1}', "s3cr", ',"a":1}'),
    Planted('{"token":845920173,"password":null,"a":2}', "845920173", '"a":2}'),
    Planted('body={\\"clientSecret\\":\\"zz top\\",\\"n\\":1}', "zz top", '\\"n\\":1}'),
    Planted("spring.datasource.password: s3cret-value", "s3cret-value"),
    Planted("api_key=sk-0123456789&q=x", "sk-0123456789", "&q=x"),
    Planted("X-API-Key: 0a1b2c3d", "0a1b2c3d"),
    Planted("redirect_uri%3Dx%26access_token%3Dabcdef0123", "abcdef0123"),
    Planted("UPDATE users SET password = 'letmein' WHERE id = 7", "letmein", "WHERE id = 7"),
    Planted("CREATE USER app IDENTIFIED BY 'tiger9' QUOTA 5M", "tiger9", "QUOTA 5M"),
    Planted("ALTER ROLE app WITH PASSWORD 'tiger9'", "tiger9", "ALTER ROLE app"),
    Planted("mysql --password hunter2 --host db", "hunter2", "--host db"),
    Planted("s3 url ?X-Amz-Credential=AKX%2F2026&X-Amz-Signature=fe5f80", "fe5f80"),
    # passwords in addresses
    Planted("postgres://app:p%40ss@db.svc:5432/orders", "p%40ss", "db.svc:5432/orders"),
    Planted("redis://:only-a-password@cache:6379/0", "only-a-password", "cache:6379/0"),
    Planted("jdbc:oracle:thin:scott/tiger@//ora:1521/ORCL", "tiger", "//ora:1521/ORCL"),
    # cards: test numbers of the networks
    Planted("card 4111111111111111 declined", "4111111111111111", "declined"),
    Planted("pan: 4012-8888-8888-1881.", "4012-8888-8888-1881"),
    Planted("pay 5555 5555 5555 4444 now", "5555 5555 5555 4444", "now"),
    Planted("amex 378282246310005, or 3714 496353 98431", "378282246310005"),
    Planted("amex 378282246310005, or 3714 496353 98431", "3714 496353 98431"),
    Planted("jcb=3530111333300000", "3530111333300000"),
    Planted("discover 6011111111111117", "6011111111111117"),
    Planted("unionpay 6200000000000005", "6200000000000005"),
    Planted("diners 3056 930902 5904", "3056 930902 5904"),
    Planted("mastercard 2 series 2223003122003222", "2223003122003222"),
    Planted('{"card":"4242424242424242","amount":12000}', "4242424242424242", '"amount":12000}'),
    Planted('{"card":4242424242424242,"amount":12000}', "4242424242424242", ',"amount":12000}'),
    Planted("4111111111111111 4012888888881881", "4012888888881881"),
    Planted("local card 9410-1234-5678-9012", "9410-1234-5678-9012"),
    # national ids
    Planted("주민등록번호 900101-1234567 확인", "900101-1234567", "확인"),
    Planted("rrn=020229-4123456;", "020229-4123456"),
    Planted("foreigner 851231-5678901", "851231-5678901"),
    Planted("SSN 123-45-6789 on file", "123-45-6789", "on file"),
    Planted("ssns: 219-09-9999 078-05-1120", "078-05-1120"),
)

TRACE_ID, SPAN_ID, NUMERIC_SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "4532015112830366"
"""The last is a span's id of digits alone that passes for a Visa card: one in 8,000 does."""

SURVIVES = (
    # ids of traces and spans, in every writing
    f"trace_id={TRACE_ID} span_id={SPAN_ID}",
    "trace_id=45391488034364674539148803436467",
    f"trace_id={TRACE_ID} span_id={NUMERIC_SPAN_ID} done",
    f'{{"traceId":"{TRACE_ID}","spanId":"{NUMERIC_SPAN_ID}"}}',
    f'{{\\"span_id\\": \\"{NUMERIC_SPAN_ID}\\"}}',
    f"traceparent: 00-{TRACE_ID}-{NUMERIC_SPAN_ID}-01",
    "f47ac10b-4512-4372-8567-0e02b2c3d479",
    # times and numbers
    "took 0.4539148803436467 of 1.5555555555554444 s",
    "at 1763721600000 ms, 1763721600000000 us, 1763721600000000000 ns",
    "at 1801051234567 ms",
    "2026-11-21 10:15:30,123 INFO started 20261121101530",
    "order 10000000000000001 of 900 items, id 7000000000000000",
    "sha256:4539148803436467aaaabbbbccccddddeeeeffff00001111222233334444555",
    "phone-like 02-123-4567 and version 1.2.3-456",
    "job 20240131-1234567 and ticket 900101-9234567 and 991332-1234567",
    "areas never given: 000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000",
    # words
    "password reset requested, passwordless login enabled",
    "token count 512, max_tokens=4096, tokens: 12, tokenType=bearer",
    "basic authentication required, bearer of news",
    "secretary assigned; authorized=true",
    "connect https://api.example.com:8443/path?page=2",
    "user@localhost, @Transactional, name@host, mention @kim",
    "lodash@4.17.21 and image@sha256:abcdef",
    "SELECT id, password_hash FROM users WHERE id = ?",
    "kubectl --token-file /run/x",
    "secretName grafana-admin",
    "",
)


def masked(text: str, personal: PersonalDataSettings | None = None) -> str:
    """What the collector makes of a text: the same steps, by Python's engine."""
    digits = re.search(m.DIGITS, text, re.ASCII) is not None
    if digits:
        text = re.sub(m.SPAN_ID, rf"\g<1>{m.MARK}\g<2>", text, flags=re.ASCII)
    as_it_came = text
    for mask in m.masks(personal or PersonalDataSettings()):
        if (mask.digits and digits) or hinted(mask.hints, as_it_came) or not (mask.digits or mask.hints):
            text = replaced(mask, text)
    return re.sub(rf"(\d){m.MARK}(\d)", r"\1\2", text) if digits else text


def hinted(hints: tuple[str, ...], text: str) -> bool:
    """Whether a text has one of the hints, in whatever case."""
    return any(hint in text.lower() for hint in hints)


def replaced(mask: m.Mask, text: str) -> str:
    return re.sub(mask.pattern, re.sub(r"\$(\d)", r"\\g<\1>", mask.replacement), text, flags=re.ASCII)
