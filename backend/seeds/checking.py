"""
Checking (一致性检查): what `fsck` and `verify_trace` run, over every app, in several processes.

Read-only; may run beside everything else. Each race and fault test ends with `everything`.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.db import connection, transaction
from django.utils import timezone

from backend.cases.queries import proof, sound
from backend.catalogue.queries import signatures
from backend.files import sound as files
from notifications import sound as notices


def everything(*, jobs: int = 1) -> Iterator[str]:
    """Yield a line for everything that does not hold."""
    for rule, about, why in notices.findings(now=timezone.now()):
        yield f"[{rule}] {about}: {why}"
    yield from of_files()
    yield from of_catalogue()
    yield from of_cases(jobs=jobs)


def of_files() -> Iterator[str]:
    """Yield a line for every file, upload and stored object that does not fit the others (I7)."""
    for rule, about, why in files.findings(now=timezone.now()):
        yield f"[{rule}] {about}: {why}"


def of_catalogue() -> Iterator[str]:
    """Yield a line for every published version nobody signed off as it stands."""
    yield from (f"[version_is_signed_off] {about}: {why}" for about, why in signatures.unsound())


def of_cases(*, jobs: int = 1) -> Iterator[str]:
    """Yield a line for everything that does not hold of cases, their clocks and their traces."""
    with transaction.atomic():
        _one_moment()
        yield from (str(finding) for finding in sound.findings())
    yield from chains(jobs=jobs)


def _one_moment() -> None:
    """Let every check of this transaction see the same moment, unless it began earlier."""
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def chains(*, jobs: int = 1) -> Iterator[str]:
    """
    Yield a line for every chain that is broken.

    :param jobs: processes; 1 reads on this connection, 0 takes one for each core.
    """
    spans = proof.spans()
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(spans) == 1:
        for span in spans:
            yield from _chains(span)
        return
    connection.close()
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        for lines in pool.map(_chains, spans):
            yield from lines


def _chains(span: tuple[int, int]) -> list[str]:
    return [f"[trace_is_whole] {found}" for found in proof.breaks(*span)]
