"""A clock that only moves cases to a new version, to be killed: `python -m tests.cases.mover`."""

import os

import django


def main() -> None:
    """Go on with what was ordered, a few cases a ring."""
    from backend.cases import actions

    while actions.carry_on_moves(most=10):
        pass


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "backend.config.settings"
    django.setup()
    main()
