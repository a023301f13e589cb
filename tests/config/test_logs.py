"""Nobody's identity number, phone or token is ever written to a log (canaries)."""

import io
import json
import logging

import pytest
import structlog

from backend.config import logs
from tests.factories import world

ID_NUMBER, PHONE, OPENID = "512002194603071236", "13890001234", "oCanary0000000000000000001"


@pytest.fixture
def written():
    """The lines our handler writes, as they would reach stdout."""
    root = logging.getLogger()
    handler = next(one for one in root.handlers if isinstance(one.formatter, _Formatter))
    stream, level = io.StringIO(), root.level
    before = handler.setStream(stream)
    root.setLevel(logging.DEBUG)
    yield stream.getvalue
    root.setLevel(level)
    handler.setStream(before)


_Formatter = structlog.stdlib.ProcessorFormatter


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def leak_by_message():
    logging.getLogger("leaky").warning("ask %s of %s", PHONE, ID_NUMBER)


def leak_by_event():
    structlog.get_logger("leaky").warning("asked", phone=PHONE, person={"id": [ID_NUMBER]})


def leak_by_number():
    structlog.get_logger("leaky").warning("asked", phone=int(PHONE), at={int(PHONE): 1.5})


def leak_by_bytes():
    structlog.get_logger("leaky").warning("asked", body=f'{{"id_no":"{ID_NUMBER}"}}'.encode())


def leak_by_context():
    with structlog.contextvars.bound_contextvars(who=ID_NUMBER):
        logging.getLogger("leaky").warning("asked")


def leak_by_exception():
    try:
        int(f"no such person {ID_NUMBER}, call +86{PHONE}")
    except ValueError:
        logging.getLogger("leaky").exception("failed")
        structlog.get_logger("leaky").exception("failed")


def leak_by_address():
    logging.getLogger("urllib3").warning(
        "GET /sns/jscode2session?appid=x&secret=%s&js_code=%s&openid=%s", "s3cr3t", "c0d3", OPENID
    )


@pytest.mark.parametrize(
    "leak",
    [
        leak_by_message,
        leak_by_event,
        leak_by_number,
        leak_by_bytes,
        leak_by_context,
        leak_by_exception,
        leak_by_address,
    ],
)
def test_writes_no_person_whatever_the_way(written, leak):
    leak()
    text = written()
    assert lines(text), "the canary must have sung"
    for secret in (ID_NUMBER, PHONE, OPENID, "s3cr3t", "c0d3"):
        assert secret not in text


def test_would_leak_without_the_scrubbing(written, monkeypatch):
    """The negative control: the canaries do reach the log once nobody blanks them."""
    monkeypatch.setattr(logs, "scrub", lambda text: text)
    leak_by_message()
    assert PHONE in written()


@pytest.mark.parametrize(
    "harmless",
    [
        "512002100202611220000019",  # a case number
        "2026-11-22T16:09:22.387099Z",
        "3423023c-6a76-4d52-8836-b8b0443aab07",
        "1795361248",
    ],
)
def test_leaves_numbers_that_are_nobodys(harmless):
    assert logs.scrub(harmless) == harmless


@pytest.mark.parametrize("secret", [ID_NUMBER, ID_NUMBER[:-1] + "X", "512002460307123", PHONE])
@pytest.mark.parametrize("around", ["{}", "号码{}。", '"{}"', "+86{}", "a{}b"])
def test_finds_a_person_inside_any_text(secret, around):
    text = around.format(secret)
    if around == "+86{}" and secret != PHONE:
        text = secret
    assert secret not in logs.scrub(text)


def test_leaves_the_query_out_of_the_request_line(written, client):
    client.get("/nowhere", {"q": "赵春梅", "phone": PHONE})
    (line,) = [one for one in lines(written()) if one.get("event") == "request_finished"]
    assert line["request"] == "GET /nowhere"
    assert "赵春梅" not in written()
    assert line["request_id"]


@pytest.mark.django_db
def test_keeps_people_out_of_the_log_of_a_working_day(written, client_of):
    """Submit, read, reveal, search, fail: with a planted person, down to DEBUG."""
    person = world.a_resident(name="金丝雀")
    case = world.submitted(applicant=person)
    desk = client_of(world.staff("community_worker", "ZD"))
    base = "/api/staff/v1/cases"
    desk.get(f"{base}/{case.number}")
    body = {"fields": ["id_number", "phone"], "purpose": "核实"}
    assert desk.post(f"{base}/{case.number}/reveal", body, format="json").status_code == 200
    desk.post(f"{base}/search", {"q": person.id_number}, format="json")
    desk.get(base, {"q": person.phone})
    desk.get(base, {"q": "金丝雀"})
    desk.post("/api/staff/v1/login", {"name": person.phone, "password": "x"}, format="json")
    text = written()
    assert "request_finished" in text
    for secret in (person.id_number, person.phone, "金丝雀"):
        assert secret not in text
