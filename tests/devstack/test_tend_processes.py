"""Processes: the dead are reported and started again, the end reaches our own and no others."""

import os
import signal
import subprocess
import sys
import time

import pytest

from backend.devstack import leftovers, processes
from backend.devstack.processes import Child, Crew, Died
from backend.devstack.trouble import CannotRun, Interrupted

FOREVER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + (
    "print('ready', flush=True); time.sleep(600)"
)


class Said(list):
    def __call__(self, text):
        self.append(text)


@pytest.fixture
def said():
    return Said()


@pytest.fixture
def crew(tmp_path, said, monkeypatch):
    monkeypatch.setattr(processes, "BACK_OFF", (0.1, 0.1))
    crew = Crew(logs=tmp_path, notes=tmp_path / "processes.json", say=said)
    yield crew
    crew.stop(patience=0.1)


def python(tmp_path, code, **more):
    command = [sys.executable, "-c", code]
    return Child(
        **{"name": "x", "label": "后台任务", "command": command, "environment": dict(os.environ)}
        | {"cwd": tmp_path}
        | more
    )


def wait_until(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_reports_a_death_with_the_end_of_its_log_and_starts_again(crew, said, tmp_path):
    child = crew.start(python(tmp_path, "print('数据库连不上'); raise SystemExit(3)"))
    wait_until(lambda: not child.alive())

    crew.tend()

    assert "后台任务意外退出 (返回码 3)" in said[0]
    assert "数据库连不上" in said[0]
    time.sleep(0.15)
    crew.tend()
    assert child.alive()
    assert "已重新启动" in said[1]


def test_waits_longer_after_each_death(crew, said, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "BACK_OFF", (1.0, 2.0))
    child = crew.start(python(tmp_path, "raise SystemExit(1)"))
    waits = []
    for _ in range(3):
        wait_until(lambda: not child.alive())
        crew.tend()
        waits.append(round(child.due - time.monotonic()))
        crew.start(child)

    assert waits == [1, 2, 2]


def test_ends_the_run_when_a_vital_child_dies(crew, said, tmp_path):
    child = crew.start(python(tmp_path, "raise SystemExit('端口被占用')", vital=True))
    wait_until(lambda: not child.alive())

    with pytest.raises(Died, match="端口被占用"):
        crew.pause(5)


def test_ends_by_force_what_does_not_listen(crew, tmp_path):
    child = crew.start(python(tmp_path, STUBBORN))
    wait_until(lambda: crew.tail("x") == ["ready"])

    crew.stop(patience=0.2)

    assert child.process.returncode == -signal.SIGKILL


def test_takes_along_what_a_dead_child_left_in_its_group(crew, said, tmp_path):
    spawn = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {!r}]); "
    spawn = spawn.format(FOREVER) + "print(p.pid, flush=True); time.sleep(600)"
    child = crew.start(python(tmp_path, spawn))
    wait_until(lambda: crew.tail("x"))
    grandchild = int(crew.tail("x")[0])

    os.kill(child.process.pid, signal.SIGKILL)
    wait_until(lambda: not child.alive())
    crew.tend()

    wait_until(lambda: leftovers.birth_of(grandchild) == "")


def test_hears_ctrl_c_at_the_next_wait(crew, tmp_path):
    crew.start(python(tmp_path, FOREVER))

    with crew.listening():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Interrupted):
            crew.pause(5)


def test_says_what_was_not_ready_in_time(crew):
    with pytest.raises(CannotRun, match="没有就绪"):
        crew.until(lambda: False, seconds=0.2, otherwise="没有就绪")


def test_hands_on_what_a_command_prints(crew, tmp_path):
    heard = []
    code = "import sys; print('甲'); print('乙', end=''); print('秘', file=sys.stderr); sys.exit(4)"

    result = crew.run(
        [sys.executable, "-c", code],
        name="manage",
        environment={**os.environ, "PYTHONUTF8": "1"},
        cwd=tmp_path,
        hear=heard.append,
    )

    assert result == 4
    assert [line for line in heard if line] == ["甲", "乙"]
    assert crew.tail("manage") == ["秘"]


def test_ends_a_command_when_the_end_is_asked_for(crew, tmp_path):
    began = time.monotonic()

    def hear(_line):
        os.kill(os.getpid(), signal.SIGTERM)

    with crew.listening(), pytest.raises(Interrupted):
        crew.run(
            [sys.executable, "-c", FOREVER],
            name="manage",
            environment=dict(os.environ),
            cwd=tmp_path,
            hear=hear,
        )

    assert time.monotonic() - began < 5


def test_ends_children_only(tmp_path):
    """Ctrl-C of a terminal reaches a whole group; ours end, a neighbour of the same user lives."""
    neighbour = subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True)
    script = f"""
import os, sys, pathlib
from backend.devstack.processes import Child, Crew
from backend.devstack.trouble import Interrupted
here = pathlib.Path({str(tmp_path)!r})
crew = Crew(logs=here, notes=here / "processes.json", say=print)
child = Child("x", "x", [sys.executable, "-c", {FOREVER!r}], dict(os.environ), here)
with crew.listening():
    try:
        crew.start(child)
        print(child.process.pid, flush=True)
        crew.pause(60)
    except Interrupted:
        crew.stop()
"""
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        child = int(run.stdout.readline())
        run.send_signal(signal.SIGINT)

        assert run.wait(10) == 0
        assert leftovers.birth_of(child) == ""
        assert neighbour.poll() is None
    finally:
        run.kill()
        neighbour.kill()
        neighbour.wait()


def test_clears_what_a_killed_run_left(crew, tmp_path):
    child = crew.start(python(tmp_path, FOREVER))

    assert leftovers.end(tmp_path / "processes.json", patience=5) == ["x"]
    assert not child.alive()
    assert not (tmp_path / "processes.json").exists()


def test_leaves_a_stranger_who_got_the_pid(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", FOREVER])
    try:
        trace = leftovers.Trace("x", stranger.pid, "another birth", signal.SIGTERM)
        leftovers.note(tmp_path / "processes.json", [trace])

        assert leftovers.end(tmp_path / "processes.json", patience=0.1) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
