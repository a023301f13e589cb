"""A server in an outside system's place, for answers no sandbox would give, and to hear pushes."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Stub:
    """
    Answers every request with `body`, after `wait` seconds, and keeps what came.

    `statuses` are used up first; then it is 200.
    """

    body: bytes = b""
    wait: float = 0.0
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        stub = self

        class Door(BaseHTTPRequestHandler):
            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stub.heard.append((dict(parse_qsl(urlsplit(self.path).query)), content))
                time.sleep(stub.wait)
                self.send_response(stub.statuses.pop(0) if stub.statuses else 200)
                self.send_header("Content-Length", str(len(stub.body)))
                with suppress(OSError):  # the caller may be tired of waiting
                    self.end_headers()
                    self.wfile.write(stub.body)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int, seconds: float = 8) -> list[tuple[dict[str, str], bytes]]:
        """Return what was heard once there are `count` of it."""
        deadline = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.heard) >= count, f"{len(self.heard)} of {count} requests"
        return self.heard

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
