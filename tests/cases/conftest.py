"""The people of one case's way: who takes it in, reviews, decides, and heads the office."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import world
from tests.sandboxes import registry, registry_process  # noqa: F401


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def town():
    return world.staff("town_reviewer", "SW")


@pytest.fixture
def county():
    return world.staff("county_reviewer", "MZ")


@pytest.fixture
def head():
    return world.staff("department_head", "MZ")


@pytest.fixture
def few():
    """Hold one act to the budget of a verb (≤ 12 statements)."""

    def asked(act):
        with CaptureQueriesContext(connection) as caught:
            act()
        said = [one["sql"] for one in caught if "SAVEPOINT" not in one["sql"]]
        assert len(said) <= 12, "\n".join(said)

    return asked
