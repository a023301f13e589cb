"""Nonsense gets an answer a person can use: every route, every kind of nonsense, never a 5xx."""

import base64

import orjson
import pytest

from tests.factories import notices, world
from tests.miniprogram_api.test_permissions import BASE, TABLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wechat", "registry")]
KEYS = (
    "code", "name", "id_number", "id_type", "item", "answers", "revision", "results", "number",
    "last4", "reason", "draft", "elder", "device", "materials", "replies",
)  # fmt: skip
DEEP = '{"a":' * 2000 + "1" + "}" * 2000
BODIES = {
    "nothing": b"",
    "no json": b"{\xe5\x90\xa6",
    "half a letter": b'{"name": "\xe5"}',
    "a list": b"[]",
    "a text": '"文字"'.encode(),
    "null": b"null",
    "a lone surrogate": b'{"code": "\\ud800", "item": "\\udfff"}',
    "nul": b'{"code": "a\\u0000b", "name": "a\\u0000b"}',
    "deep": DEEP.encode(),
    "wrong types": orjson.dumps({key: {"a": [None, 1.5, True]} for key in KEYS}),
    "long texts": orjson.dumps(dict.fromkeys(KEYS, "𠮷" * 5000)),
    "a not-a-number": b'{"revision": NaN}',
}
PLACES = {
    "number": ["1", "5" * 24, "9" * 500, "五" * 24, "%00", "a%20b"],
    "code": ["ZY-XX-000", "a" * 400, "%00"],
    "draft": ["7b0d6a4e-38d1-4c92-9f6f-0c1d53f0a111", "x"],
    "uid": ["7b0d6a4e-38d1-4c92-9f6f-0c1d53f0a111", "x"],
    "id": ["0", "9" * 30, "-1"],
}
QUERIES = [
    {"after": "nonsense"},
    {"limit": "9" * 5000},
    {"limit": "x"},
    {"q": "a\0b", "theme": "\0", "audience": "\0", "scene": "\0", "status": "\0", "parent": "\0"},
    {"q": "%_\\'\"--;"},
]


@pytest.fixture
def phone(client_of):
    return client_of(world.a_resident(openid="o" + "x" * 27).account)


def sound(answer):
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"].startswith("application/problem+json")
        assert answer.json()["title"]


def filled(path):
    """Every way to fill the places of a route with what does not belong there."""
    for name, values in PLACES.items():
        if f"{{{name}}}" in path:
            return [BASE + path.replace(f"{{{name}}}", value) for value in values]
    return [BASE + path]


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("route", [route for route in TABLE if not route.startswith("GET")])
def test_a_bad_body_is_told_and_breaks_nothing(phone, route, kind):
    method, path = route.split(" ")
    if path == "logout":
        return
    for url in filled(path):
        sound(phone.generic(method, url, BODIES[kind], "application/json",
                            HTTP_IDEMPOTENCY_KEY="tap-tap-tap"))  # fmt: skip


@pytest.mark.parametrize("route", [route for route in TABLE if route.startswith("GET")])
def test_a_bad_query_is_told_and_breaks_nothing(phone, route):
    for url in filled(route.split(" ")[1]):
        for query in QUERIES:
            sound(phone.get(url, query))


@pytest.mark.parametrize("path", ["cases", "inbox", "items"])
@pytest.mark.parametrize(
    "key",
    [
        ["2026-01-01T00:00:00", "5"],
        ["2026-01-01T00:00:00+08:00", "9" * 30],
        ["0001-01-01T00:00:00+14:00", "1"],
        ["\0"],
        ["名"],
        [],
        {},
        5,
    ],
)
def test_a_made_up_position_is_told(phone, path, key):
    made = base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")
    notices.told(notices.reader())
    sound(phone.get(BASE + path, {"after": made}))
