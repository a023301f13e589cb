"""The load generator asks as told, and accounts for every answer."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import load, machine, report


class Echo(BaseHTTPRequestHandler):
    """Answers its path: whole, in chunks, with an error, or by hanging up."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode()
        if self.path == "/gone":
            self.close_connection = True
            return
        self.send_response(500 if self.path == "/bad" else 200)
        if self.path.startswith("/chunks"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def _task(port, *paths, **changes):
    asked = [load.get(path, "token") for path in paths]
    return load.Task(port=port, requests=asked, clients=2, **{"seconds": 0.3} | changes)


def test_asks_every_question_once_and_keeps_the_answers(port):
    paths = [f"/{n}" for n in range(50)] + ["/chunks"]

    result = load.drive(_task(port, *paths, once=True, keep=True, seconds=20))
    bodies = {number: body for number, _, body in result.answers}

    assert result.asked == 51
    assert result.statuses == {200: 51, 0: 0}
    assert sorted(bodies) == list(range(51))
    assert (bodies[3], bodies[50]) == ("/3", "abc/chunks")


def test_asks_on_until_the_time_is_over(port):
    result = load.drive(_task(port, "/a", "/chunks", warm=0.1, watch={"us": os.getpid()}))

    assert result.good > 10
    assert result.bad == 0
    assert 0 < result.p50 <= result.p95 <= result.p99
    assert result.rate == pytest.approx(result.good / result.seconds)
    assert 0 <= result.others <= 1


def test_counts_errors_and_silence(port):
    bad = load.drive(_task(port, "/bad"))
    gone = load.drive(_task(port, "/gone", once=True, keep=True))

    assert set(bad.statuses) == {500}
    assert bad.sample == "/bad"
    assert gone.statuses[0] == 1


def test_counts_the_cpu_of_a_family():
    assert machine.cpu_seconds([os.getpid()]) > 0
    assert machine.cpu_seconds([0]) >= 0
    assert machine.busy_seconds() > 0
    assert "核" in machine.line()


def test_lines_a_table_up_for_wide_letters():
    table = report.aligned([["场景", "n"], ["我的办件", "12"], ["a", "3"]])

    assert table.splitlines()[0] == "| 场景     | n  |"
    assert table.splitlines()[2] == "| 我的办件 | 12 |"
