"""Demo residents as the outside world knows them, and their one-time codes."""

import secrets

from backend.devstack import people

PEOPLE = {one.key: one for one in people.load(None)}
LOGIN, PHONE = "demo", "phone"


def code(kind: str, key: str = "zhao-deming") -> str:
    return f"{kind}-{key}-{secrets.token_hex(6)}"
