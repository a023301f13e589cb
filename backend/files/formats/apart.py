"""
`python -m backend.files.formats.apart` (隔室检查): one file, examined in a process of its own.

It takes a line of JSON and the bytes on stdin, and answers a line of JSON and the clean bytes. It
gives itself little memory, time and no files to write before it reads a byte, so that what breaks
a decoder breaks this process and nothing else.
"""

import contextlib
import dataclasses
import json
import resource
import sys

from backend.core.errors import Invalid
from backend.files import formats
from backend.files.formats import refusals

MEMORY, CPU_SECONDS = 1536 * 1024 * 1024, 20
_LIMITS = {
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 64,
}


def main() -> None:
    for limit, most in _LIMITS.items():
        with contextlib.suppress(ValueError, OSError):  # a system may not know one of them
            resource.setrlimit(limit, (most, most))
    asked = json.loads(sys.stdin.buffer.readline())
    verdict, clean = _examined(sys.stdin.buffer.read(), asked)
    sys.stdout.buffer.write(json.dumps(verdict).encode() + b"\n" + clean)


def _examined(data: bytes, asked: dict[str, object]) -> tuple[dict[str, object], bytes]:
    bounds = formats.Bounds(**asked["bounds"])  # type: ignore[arg-type]
    try:
        clean = formats.examine(data, declared=str(asked["declared"]), bounds=bounds)
    except Invalid as refusal:
        return {"refused": refusal.code}, b""
    except (MemoryError, RecursionError):
        return {"refused": refusals.TooHeavy.code}, b""
    except Exception as fault:  # a decoder may break in any way over a hostile file
        heavy = "alloc" in str(fault)
        return {"refused": (refusals.TooHeavy if heavy else refusals.Damaged).code}, b""
    measures = dataclasses.asdict(clean)
    measures.pop("data")
    return {"clean": measures}, clean.data


if __name__ == "__main__":
    main()
