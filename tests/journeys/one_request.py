"""One request of a fresh process: `python -m tests.journeys.one_request '<json>'`; prints JSON."""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
django.setup()

from django.test import Client  # noqa: E402  (Django must be up first)


def main() -> None:
    asked = json.loads(sys.argv[1])
    started = time.monotonic()
    response = Client(raise_request_exception=False).generic(
        asked.get("method", "POST"),
        asked["path"],
        json.dumps(asked.get("body")) if asked.get("body") is not None else "",
        content_type="application/json",
        headers=asked.get("headers"),
    )
    print(
        json.dumps(
            {
                "status": response.status_code,
                "type": response["Content-Type"],
                "retry_after": response.headers.get("Retry-After"),
                "body": json.loads(response.content),
                "seconds": time.monotonic() - started,
            }
        )
    )


if __name__ == "__main__":
    main()
