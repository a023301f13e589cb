"""Files are tested in the folder of each test, and with the scanner sandbox."""

from pathlib import Path

import pytest

from tests.sandboxes import scanner, scanner_process  # noqa: F401


@pytest.fixture
def folder(settings):
    """Return where this test's files lie; every test has a folder of its own."""
    return Path(settings.MEDIA_ROOT)
