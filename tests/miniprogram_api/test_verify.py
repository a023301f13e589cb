"""Whoever holds a paper can check it: by number and code, by the file, by the QR code's page."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backend.documents import press
from tests.factories import papers

pytestmark = pytest.mark.django_db
URL = "/api/v1/verify"


@pytest.fixture
def paper():
    return papers.issued("refusal")


def sent(client, file):
    return client.post(URL, {"file": SimpleUploadedFile("x.pdf", file)}, format="multipart")


def test_the_number_and_its_code_tell_what_paper_it_is(client, paper):
    typed = f" {paper.code[:4].lower()} - {paper.code[4:]} "
    told = client.get(URL, {"number": paper.number.lower(), "code": typed}).json()
    assert told["result"] == "genuine"
    assert told["title"] == "不予决定书"
    assert told["office"] == papers.OFFICE_NAME
    assert told["made_on"] == "2026-11-24"
    assert told["sha256"] == bytes(paper.sha256).hex()
    assert "李桂花" not in str(told)


def test_a_wrong_code_and_an_unknown_number_are_told_in_the_same_words(client, paper):
    wrong = client.get(URL, {"number": paper.number, "code": "AAAAAAAA"})
    unknown = client.get(URL, {"number": "512002-MZ-2026-999999", "code": "AAAAAAAA"})
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.json()["title"] == unknown.json()["title"]


def test_the_file_is_judged_as_it_is(client, paper):
    file = press.file_of(paper)
    assert sent(client, file).json()["result"] == "genuine"
    changed = sent(client, file + b"\n").json()
    assert (changed["result"], changed["number"]) == ("changed", paper.number)
    assert "追加" in changed["why"]
    assert changed["title"] == "", "a changed file is told nothing about the true one"
    assert sent(client, b"%PDF-1.7 anything").json()["result"] == "unknown"
    assert sent(client, b"").status_code == 400


def test_a_paper_another_press_made_with_our_key_is_unknown(client, paper):
    file = press.file_of(paper)
    paper.delete()
    told = sent(client, file).json()
    assert (told["result"], told["title"]) == ("unknown", "")


def test_too_large_a_file_is_refused(client):
    assert sent(client, b"%PDF-" + bytes(2 * 1024 * 1024)).status_code == 413


def test_is_limited(client, paper):
    answers = [
        client.get(URL, {"number": paper.number, "code": "A"}, REMOTE_ADDR="203.0.113.9")
        for _ in range(31)
    ]
    assert [answer.status_code for answer in answers[-2:]] == [404, 429]


def test_the_qr_code_leads_to_a_page_for_people(client, paper):
    address = press.address(paper.number, paper.code)
    page = client.get(address[address.index("/verify") :])
    assert page.status_code == 200
    text = page.content.decode()
    for said in ("真实有效", "不予决定书", paper.number, papers.OFFICE_NAME, "2026年11月24日"):
        assert said in text
    assert "李桂花" not in text
    assert "<script" not in text


def test_the_page_escapes_what_comes_in_by_the_address(client):
    page = client.get("/verify", {"number": "<script>alert(1)</script>", "code": "x"})
    assert page.status_code == 404
    assert b"<script" not in page.content


def test_the_page_asks_for_what_is_missing(client):
    page = client.get("/verify")
    assert page.status_code == 200
    assert re.search(r'name="code"', page.content.decode())
