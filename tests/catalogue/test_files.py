"""A file of an item is read with its lines, or refused with one."""

import itertools
from pathlib import Path

import pytest

from backend.catalogue import definition, files

SHARED = {"form": {"applicant": [{"key": "a"}, {"key": "b"}]}}


def read(text, shared=SHARED):
    return files.read("x.yaml", text if isinstance(text, bytes) else text.encode(), shared)


def test_every_thing_has_its_line():
    file = read(
        "code: A\nform:\n  - {key: one}\n  - use: applicant\n  - key: two\n    type: text\n"
    )
    assert [entry["key"] for entry in file.data["form"]] == ["one", "a", "b", "two"]
    assert file.lines["code",] == 1
    assert file.lines["form", 0, "key"] == 3
    assert (file.lines["form", 1], file.lines["form", 2]) == (4, 4)
    assert file.lines["form", 3, "type"] == 6


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("2026-01-01", "2026-01-01"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("80-89", "80-89"),
        ("12", 12),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ("", None),
        ("'12'", "12"),
    ],
)
def test_a_word_is_what_it_looks_like(text, value):
    assert read(f"x: {text}").data == {"x": value}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "YAML"),
        ("a: 1\n\tb: 2\n", 2, "YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "两次"),
        ("a: &x 1\nb: *x\n", 2, "锚点"),
        ("a: 1\nb: !!python/object:os.system {}\n", 2, "标签"),
        ("a: 1\n5: 2\n", 2, "文字"),
        ("form:\n  - use: nobody\n", 2, "nobody"),
        ("steps:\n  - use: applicant\n", 2, "applicant"),
        (b"a: 1\nb: \xff\xfe\n", 2, "UTF-8"),
        ("a: 1\nb: \x07\n", 1, "YAML"),
        ("a: " + "[" * 30 + "]" * 30, 1, "嵌套"),
        ("a: " + "x" * 300_000, 1, "KB"),
        ("a: 1\n---\nb: 2\n", 2, "YAML"),
    ],
)
def test_what_has_no_place_here_is_refused_with_its_line(text, line, says):
    with pytest.raises(files.Unreadable) as refused:
        read(text)
    fault = refused.value.fault
    assert (fault.file, fault.line) == ("x.yaml", line)
    assert says in fault.reason


def test_an_expanding_file_is_refused_before_it_expands():
    rows = ["a: &a [x, x]"] + [f"{b}: &{b} [*{a}, *{a}]" for a, b in itertools.pairwise("abcdefg")]
    with pytest.raises(files.Unreadable, match="锚点"):
        read("\n".join(rows))


def test_a_fault_of_the_definition_names_the_line_of_the_file():
    file = read("code: T-1\nname: 高龄津贴\nlegal_days: 三十\n")
    told = definition.faults(file.data, lines=file.lines, file=file.name)
    assert "x.yaml第3行 legal_days: 应为整数" in [str(fault) for fault in told]


def test_an_empty_file_is_no_item():
    assert definition.faults(read("").data)[0].path == "(整个文件)"


@pytest.mark.parametrize("text", ["- a\n", "steps: {}\n", "form: [a]\n", "form:\n  a: b\n"])
def test_shared_parts_have_their_own_shape(tmp_path: Path, text):
    (tmp_path / files.SHARED).write_text(text)
    with pytest.raises(files.Unreadable):
        files.read_shared(tmp_path / files.SHARED)
