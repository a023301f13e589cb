"""The sandboxes of this room."""

from collections.abc import Iterator

import pytest

from backend.exchange.connectors import population
from tests.sandboxes import registry, registry_process  # noqa: F401


@pytest.fixture(autouse=True)
def closed_breaker() -> Iterator[None]:
    """No test rests because another one's registry was ill."""
    population.BREAKER.forget()
    yield
    population.BREAKER.forget()
