"""Whoever follows a citation arrives: 领域说明 names headings, its page names files and tests."""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "domain.md"
READ = {".py", ".md", ".yaml", ".yml", ".csv", ".toml", ".txt", ".html", ".css", ".js", ""}
_SECTION = r"§\s?\d+(?:\.\d+)*"
# One citation may name several (§2.8、§2.9, §2.8–2.9) and be wrapped inside a comment.
CITED = re.compile(rf"领域说明[\s#*`\]]*((?:{_SECTION}(?:[–—-]\d+(?:\.\d+)*)?[\s#、,,和]*)+)")
NUMBER = re.compile(r"\d+(?:\.\d+)*")
HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)*) ", re.MULTILINE)
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)(?:::(\w+))?`")


def sources():
    """Every text of ours; folders with a dot (.git, .venv, .data) hold other people's."""
    for folder, inner, names in os.walk(ROOT):
        inner[:] = sorted(d for d in inner if not d.startswith(".") and d != "__pycache__")
        for path in (Path(folder, name) for name in sorted(names)):
            if path.suffix in READ and path.stat().st_size < 1_000_000:
                yield path


def sections():
    return HEADING.findall(PAGE.read_text(encoding="utf-8"))


def astray(text):
    """Return the sections a text cites that the page does not have."""
    cited = (number for found in CITED.findall(text) for number in NUMBER.findall(found))
    return sorted(set(cited) - set(sections()))


def test_every_citation_names_a_heading():
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in sources()}
    cited = {path: found for path, text in texts.items() if (found := CITED.findall(text))}
    assert len(cited) > 20, "the walk has lost its way"
    wrong = {str(path.relative_to(ROOT)): astray(texts[path]) for path in cited}
    assert {path: numbers for path, numbers in wrong.items() if numbers} == {}


@pytest.mark.parametrize(
    ("cited", "missing"),
    [
        ("§2.99", ["2.99"]),
        ("\n    # §9", ["9"]),
        ("§2.8、§2.98", ["2.98"]),
        ("§2.17–2.97", ["2.97"]),
        ("§2.8, 行政许可法 §45", []),
    ],
)
def test_an_invented_citation_is_found(cited, missing):
    assert astray(f"(领域说明 {cited})") == missing


def test_sections_stand_once_and_in_order():
    numbers = [tuple(map(int, number.split("."))) for number in sections()]
    assert numbers == sorted(set(numbers))


def test_the_page_names_files_and_tests_that_exist():
    named = FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 40
    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    tests = {(path, test) for path, test in named if test}
    assert [
        f"{path}::{test}" for path, test in sorted(tests) if f"def {test}(" not in read(path)
    ] == []


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")
