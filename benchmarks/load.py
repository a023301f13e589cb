"""
The load generator (施压): N clients on kept connections, each asking again once it has its answer.

A process of its own and one loop over sockets, so that it takes little of the machine it measures
(some 20 µs a request). Loopback only; bounded by a time and by the number of requests.
"""

import os
import pickle
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import machine

_PATIENCE = 15.0  # seconds after the end in which answers still count


@dataclass(slots=True)
class Task:
    """What one run asks: raw HTTP requests, taken in order; `once` never asks one again."""

    port: int
    requests: Sequence[bytes]
    clients: int
    seconds: float
    warm: float = 0.0
    once: bool = False
    keep: bool = False
    watch: Mapping[str, int] = field(default_factory=dict)  # name → the process whose CPU counts


@dataclass(slots=True)
class Result:
    """What came back: counts by status (0: no answer), milliseconds, CPU seconds by name."""

    clients: int
    seconds: float
    asked: int
    statuses: dict[int, int]
    p50: float
    p95: float
    p99: float
    cpu: dict[str, float]
    answers: list[tuple[int, int, str]]  # kept ones: request number, status, body
    sample: str  # the first answer that was no success

    @property
    def good(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def bad(self) -> int:
        return sum(self.statuses.values()) - self.good

    @property
    def rate(self) -> float:
        """Successes a second."""
        return self.good / self.seconds if self.seconds else 0.0

    @property
    def others(self) -> float:
        """Return how much of the machine somebody else used meanwhile, 0 to 1."""
        ours = sum(seconds for name, seconds in self.cpu.items() if name != "machine")
        whole = self.seconds * (os.cpu_count() or 1)
        share = (self.cpu.get("machine", ours) - ours) / whole if whole else 0.0
        return min(max(share, 0.0), 1.0)  # the kernel counts in ticks

    def micros(self, name: str) -> float:
        """Return CPU microseconds a request took of a family of processes."""
        return self.cpu.get(name, 0.0) * 1e6 / max(sum(self.statuses.values()), 1)


def get(path: str, token: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json\r\n\r\n"
    ).encode()


def post(path: str, token: str, body: bytes, **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode() + body


def drive(task: Task) -> Result:
    """
    Run a task in a process of its own and return what came of it.

    :raises RuntimeError: the generator itself broke.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder) / "task", Path(folder) / "result"
        asked.write_bytes(pickle.dumps(task))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", str(asked), str(told)],
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-2000:])
        return Result(**pickle.loads(told.read_bytes()))


class _Client:
    """One connection and the answer it is reading."""

    __slots__ = ("began", "buffer", "number", "port", "socket", "wanted")

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.wanted, self.began, self.number = b"", 0, 0.0, -1

    def ask(self, number: int, request: bytes) -> None:
        self.number, self.buffer, self.wanted = number, b"", 0
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def hear(self) -> bool:
        """
        Read what is there; say whether the answer is whole.

        :raises ConnectionError: the server hung up.
        """
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise ConnectionResetError
        self.buffer = self.buffer + chunk if self.buffer else chunk
        if not self.wanted:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.wanted = end + 4 + _length(self.buffer[:end])
        if self.wanted < 0:
            return self.buffer.endswith(b"0\r\n\r\n")
        return len(self.buffer) >= self.wanted

    @property
    def status(self) -> int:
        return int(self.buffer[9:12])

    def body(self) -> str:
        body = self.buffer.partition(b"\r\n\r\n")[2]
        whole = unchunked(body) if self.wanted < 0 else body
        return whole.decode("utf-8", "replace")


def unchunked(body: bytes) -> bytes:
    """Join the chunks of a body: each begins with its length in hexadecimal."""
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        if not length:
            break
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)


_ENDLESS = -(10**9)


def _length(head: bytes) -> int:
    """Return the length of the body; a chunked one ends by its own mark."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return _ENDLESS if b"transfer-encoding: chunked" in head.lower() else 0


class _Run:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.next = 0
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self.answers: list[tuple[int, int, str]] = []
        self.sample = ""
        self.poll = select.epoll()
        self.clients: dict[int, _Client] = {}
        self.measuring = False
        self.asking = True

    def go(self) -> Result:
        for _ in range(self.task.clients):
            self._join()
        began = time.perf_counter()
        self._until(began + self.task.warm)
        self.measuring = True
        before, start = self._cpu(), time.perf_counter()
        self._until(start + self.task.seconds)
        seconds = time.perf_counter() - start
        after = self._cpu()
        counted = dict(self.statuses)
        self.asking, self.measuring = False, self.task.keep
        self._until(time.perf_counter() + _PATIENCE)
        if self.task.keep:  # every question is accounted for, the ones without an answer as 0
            counted = dict(self.statuses)
            counted[0] = counted.get(0, 0) + len(self.clients)
        times = sorted(self.times)
        return Result(
            clients=self.task.clients,
            seconds=seconds,
            asked=self.next,
            statuses=counted,
            p50=_share(times, 0.50),
            p95=_share(times, 0.95),
            p99=_share(times, 0.99),
            cpu={name: after[name] - before[name] for name in before},
            answers=self.answers,
            sample=self.sample,
        )

    def _cpu(self) -> dict[str, float]:
        found = {name: machine.cpu_seconds([pid]) for name, pid in self.task.watch.items()}
        return found | {"load": time.process_time(), "machine": machine.busy_seconds()}

    def _join(self) -> None:
        client = _Client(self.task.port)
        self.clients[client.socket.fileno()] = client
        self.poll.register(client.socket.fileno(), select.EPOLLIN)
        self._ask(client)

    def _ask(self, client: _Client) -> None:
        total = len(self.task.requests)
        if not self.asking or (self.task.once and self.next >= total):
            self._leave(client)
            return
        number = self.next
        self.next += 1
        client.ask(number, self.task.requests[number % total])

    def _leave(self, client: _Client) -> None:
        self.poll.unregister(client.socket.fileno())
        del self.clients[client.socket.fileno()]
        client.socket.close()

    def _until(self, deadline: float) -> None:
        while self.clients and (left := deadline - time.perf_counter()) > 0:
            for number, _event in self.poll.poll(min(left, 0.2)):
                client = self.clients[number]
                try:
                    whole = client.hear()
                except OSError:
                    self._lost(client)
                    continue
                if whole:
                    self._note(client, time.perf_counter())
                    self._ask(client)

    def _lost(self, client: _Client) -> None:
        if self.measuring:
            self.statuses[0] += 1
        self._leave(client)
        if self.asking:
            self._join()

    def _note(self, client: _Client, now: float) -> None:
        status = client.status
        if self.task.keep:
            self.answers.append((client.number, status, client.body()))
        if not self.measuring:
            return
        self.statuses[status] += 1
        self.times.append((now - client.began) * 1000)
        if not 200 <= status < 300 and not self.sample:
            self.sample = client.body()[:300]


def _share(times: Sequence[float], share: float) -> float:
    return times[min(int(len(times) * share), len(times) - 1)] if times else 0.0


def main() -> None:
    """Run the task in the file named first, and leave the result in the file named second."""
    # `python -m` gives the classes another module's name: read by the one they were written under.
    task = pickle.loads(Path(sys.argv[1]).read_bytes())
    Path(sys.argv[2]).write_bytes(pickle.dumps(asdict(_Run(task).go())))


if __name__ == "__main__":
    main()
