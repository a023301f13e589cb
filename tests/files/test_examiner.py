"""The examiner's process: whatever becomes of it, the file is refused and nothing else suffers."""

import io
import sys
import threading

import manimgx_fonts_cjk
import pypdfium2
import pytest
import typst

from backend.files.connectors import examiner
from backend.files.formats import apart, refusals
from tests.factories import files

PYTHON = (sys.executable, "-c")
LIMITED = "from backend.files.formats import apart; import resource, sys\n" \
    "[resource.setrlimit(k, (v, v)) for k, v in apart._LIMITS.items()]\n"  # fmt: skip
ENDS = {
    "dies": "import os; os.kill(os.getpid(), 9)",
    "loops": LIMITED.replace(
        "(v, v)", "(min(v, 1), min(v, 1)) if k == resource.RLIMIT_CPU else (v, v)"
    )
    + "while True: pass",
    "babbles": "print('<html>')",
    "claims": 'print(\'{"clean": {"who": 1}}\')',
    "unknown": 'print(\'{"refused": "nothing_we_know"}\')',
    "silent": "",
    "greedy": LIMITED + 'bytearray(4 << 30); print(\'{"clean": {"media": "x"}}\')',
    "writes": LIMITED + "open('/tmp/files-examiner-test', 'w').write('x')",
}


@pytest.mark.parametrize("how", ENDS)
def test_an_end_of_any_kind_is_a_refusal(monkeypatch, how):
    monkeypatch.setattr(examiner, "_COMMAND", (*PYTHON, ENDS[how]))
    with pytest.raises(refusals.TooHeavy):
        examiner.examine(b"x", declared="image/jpeg")


def test_a_machine_too_slow_is_no_fault_of_the_file(monkeypatch):
    monkeypatch.setattr(examiner, "_COMMAND", (*PYTHON, "import time; time.sleep(60)"))
    monkeypatch.setattr(examiner, "PATIENCE", 0.5)
    with pytest.raises(examiner.ExaminerBusy):
        examiner.examine(b"x", declared="image/jpeg")


def test_the_limits_let_an_honest_file_through():
    assert apart.MEMORY < 4 << 30
    clean = examiner.examine(files.a_jpeg(3000, 2000), declared="image/jpeg")
    assert (clean.width, clean.height) == (3000, 2000)


def test_too_many_at_once_are_asked_to_come_back(monkeypatch):
    monkeypatch.setattr(examiner, "_gate", threading.BoundedSemaphore(1))
    monkeypatch.setattr(examiner, "_QUEUE", 0.05)
    examiner._gate.acquire()
    with pytest.raises(examiner.ExaminerBusy):
        examiner.examine(files.a_jpeg(), declared="image/jpeg")
    examiner._gate.release()
    assert examiner.examine(files.a_jpeg(), declared="image/jpeg").width == 640


def test_a_typeset_pdf_keeps_its_chinese_text():
    fonts = manimgx_fonts_cjk.__path__[0]
    source = '#set text(font: "Noto Sans CJK SC")\n户口簿复印件 #pagebreak() 第二页'
    pdf = typst.compile(source.encode(), font_paths=[fonts])
    clean = examiner.examine(pdf, declared="application/pdf")
    pages = pypdfium2.PdfDocument(io.BytesIO(clean.data))
    assert clean.pages == len(pages) == 2
    assert "户口簿复印件" in pages[0].get_textpage().get_text_range()
