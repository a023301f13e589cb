"""What the tests of the residents' door share."""

import itertools
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from backend.accounts import actions as accounts
from backend.accounts.models import Account

_address = itertools.count(1)


def phone_at_a_new_address() -> APIClient:
    """Limits count by address; no test may use up another one's, in this run or the last."""
    import secrets

    n = next(_address)
    return APIClient(
        REMOTE_ADDR=f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.{n % 250}"
    )


@pytest.fixture
def client() -> APIClient:
    return phone_at_a_new_address()


@pytest.fixture
def client_of() -> Callable[[Account], APIClient]:
    def signed_in(account: Account) -> APIClient:
        client = phone_at_a_new_address()
        token = accounts.sign_in(account=account, device="test")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return signed_in
