"""The servers this test run stands on, for processes a test starts itself."""

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """Return the test database's address, with its password where it has one."""
    place = connection.settings_dict
    secret = f":{quote(place['PASSWORD'], safe='')}" if place["PASSWORD"] else ""
    return f"postgres://{place['USER']}{secret}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
