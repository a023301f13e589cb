"""Every failure is a problem that says what to do."""

import pytest
from django.db import OperationalError
from rest_framework import exceptions

from backend.core import errors, problems


class Slipped(errors.Conflict):
    code, title = "slipped", "滑了一下, 请重来"


def answer(error):
    return problems.handle(error, {})


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.NotFound, 404),
        (errors.Forbidden, 403),
        (errors.Conflict, 409),
        (errors.Invalid, 422),
        (errors.Unavailable, 503),
    ],
)
def test_each_refusal_has_its_status(kind, status):
    response = answer(kind())
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.data["title"]


def test_carries_code_detail_and_whatever_helps():
    body = answer(Slipped("在第三级台阶", step=3)).data
    assert (body["code"], body["detail"], body["step"]) == ("slipped", "在第三级台阶", 3)
    assert body["type"] == "/problems/slipped"


def test_the_frameworks_refusals_speak_the_same_way():
    response = answer(exceptions.Throttled(wait=7))
    assert response.status_code == 429
    assert response.data["code"] == "too_many_attempts"
    assert response.data["retry_after"] == 7
    assert response["Retry-After"] == "7"


def test_a_lost_database_says_come_back():
    response = answer(OperationalError("server closed the connection"))
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "closed" not in str(response.data)


def test_what_nobody_expected_stays_a_bug():
    assert answer(RuntimeError("bug")) is None
