"""The story's clients: a resident's mini-program, a staff tablet, and the phone in the pocket."""

import time
import uuid
from typing import Any

import requests

_PATIENCE = 15


class Answer:
    """One HTTP answer: its status and its JSON."""

    def __init__(self, response: requests.Response) -> None:
        self.status, self.type = response.status_code, response.headers.get("Content-Type", "")
        self.headers = response.headers
        self.body: Any = response.json() if response.content else {}

    def __getitem__(self, key: str) -> Any:
        return self.body[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.body.get(key, default)


class Client:
    """Whoever speaks to the city: a base address, and a token once signed in."""

    def __init__(self, base: str) -> None:
        self.base, self._http = base, requests.Session()
        self._http.trust_env = False  # everything is on this machine

    def call(self, method: str, path: str, *, key: str = "", **body: Any) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return Answer(
            self._http.request(
                method,
                self.base + path,
                json=body or None,
                headers=headers,
                timeout=_PATIENCE,
            )
        )

    def read(self, path: str, **query: Any) -> Answer:
        return Answer(self._http.get(self.base + path, params=query, timeout=_PATIENCE))

    def write(self, path: str, *, key: str = "", **body: Any) -> Answer:
        return self.call("POST", path, key=key, **body)

    def carry(self, token: str) -> None:
        self._http.headers["Authorization"] = f"Bearer {token}"


class MiniProgram(Client):
    """小程序: what a resident's phone does with our door, `/api/v1`."""

    def __init__(self, web: str, who: str) -> None:
        super().__init__(f"{web}/api/v1")
        self.who = who

    def log_in(self, device: str = "手机") -> Answer:
        answer = self.write("/login", code=fresh_code("demo", self.who), device=device)
        if answer.status == 201:
            self.carry(answer["token"])
        return answer

    def hand_in(self, photo: bytes) -> Answer:
        """Upload a small picture in one call, as `wx.uploadFile` does."""
        file = {"file": ("photo.jpg", photo, "image/jpeg")}
        return Answer(self._http.post(f"{self.base}/files", files=file, timeout=_PATIENCE))

    def open_link(self, url: str) -> bytes:
        """Download what a link of a minute points at; `url` is relative to the city."""
        base = self.base.removesuffix("/api/v1")
        return self._http.get(base + url, timeout=_PATIENCE).content

    def check_paper(self, paper: bytes) -> Answer:
        """Ask, as anybody may, whether a paper is genuine."""
        file = {"file": ("paper.pdf", paper, "application/pdf")}
        return Answer(requests.post(f"{self.base}/verify", files=file, timeout=_PATIENCE))


class Tablet(Client):
    """平板: what a member of staff does with our door, `/api/staff/v1`."""

    def __init__(self, web: str, name: str, password: str) -> None:
        super().__init__(f"{web}/api/staff/v1")
        self.name = name
        answer = self.write("/login", name=name, password=password, device="story")
        if answer.get("token"):
            self.carry(answer["token"])
        self.signed_in = answer

    def verb(self, number: str, verb: str, **body: Any) -> Answer:
        return self.write(f"/cases/{number}/{verb}", **body)


class Pockets(Client):
    """口袋里的手机: what really reached it, as only the sandbox knows."""

    def received(self, who: str) -> list[dict[str, Any]]:
        found = self.read("/sandbox/received", who=who).body
        rows: list[dict[str, Any]] = found["received"] if isinstance(found, dict) else found
        return rows

    def subscribe(self, who: str, template_id: str) -> Answer:
        """Do what tapping 允许 in wx.requestSubscribeMessage does."""
        return self.write("/sandbox/subscribe", who=who, template_id=template_id, action="accept")


def fresh_code(kind: str, who: str) -> str:
    """Return a one-time code of the sandbox: `demo-<who>-…` to log in, `phone-<who>-…`."""
    return f"{kind}-{who}-{time.time_ns():x}"


def fresh_key() -> str:
    return uuid.uuid4().hex
