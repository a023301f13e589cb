"""What every test may ask for. The outside world is the sandbox over HTTP, never a patch."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from rest_framework.test import APIClient

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.catalogue import queries as catalogue
from backend.organisation import queries as organisation
from backend.seeds import checking
from tests import racing


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Each test begins with an empty city: nothing a process remembers outlives it."""
    organisation.forget()
    catalogue.forget()


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path) -> None:
    """Each test keeps its files in a folder of its own."""
    settings.MEDIA_ROOT = str(tmp_path / "files")


@pytest.fixture
def client() -> APIClient:
    """A client nobody has signed in."""
    return APIClient()


@pytest.fixture
def client_of() -> Callable[[Account], APIClient]:
    """Return a client that carries a real token of an account, as a phone or tablet would."""

    def signed_in(account: Account) -> APIClient:
        client = APIClient()
        token = accounts.sign_in(account=account, device="test")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return signed_in


@pytest.fixture
def commit(django_capture_on_commit_callbacks) -> Callable[[], AbstractContextManager]:
    """Run what a transaction leaves for after its commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def sound(request, db) -> Iterator[None]:
    """End with a city that fsck finds nothing in, unless a guard was taken away on purpose."""
    yield
    if request.node.get_closest_marker("unguarded") is None:
        assert list(checking.everything()) == []


@pytest.fixture
def together(sound) -> Callable:
    """Run a function in many threads at the same instant; whatever they did, all is sound after."""
    return racing.together
