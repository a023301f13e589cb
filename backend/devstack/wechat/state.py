"""The world of the sandbox (沙箱状态): who subscribed to what, and what each phone received."""

import hashlib
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from backend.devstack.faults import Script
from backend.devstack.people import Person
from backend.devstack.sandbox import Clock, Journal, Json
from backend.devstack.wechat.account import LONG_TERM, TEMPLATES, Credentials, openid_of
from backend.devstack.wechat.limits import Limits
from backend.devstack.wechat.tokens import Tokens

EVERYONE: Final = "*"
CODE_LIFE: Final = 300
"""Seconds a login or phone code lives."""


@dataclass(frozen=True, slots=True)
class Received:
    """One service notice as it lies in a resident's phone."""

    msgid: int
    at: float
    template_id: str
    values: dict[str, str]
    page: str


@dataclass(frozen=True, slots=True)
class Code:
    """What a one-time code stands for."""

    openid: str
    ends: float
    phone: str = ""
    country: str = ""


class World:
    """Everything the sandbox remembers. Facts go to the journal and are replayed at the start."""

    def __init__(
        self, credentials: Credentials, people: Iterable[Person], journal: Journal, faults: Script
    ) -> None:
        self.credentials = credentials
        self.journal = journal
        self.faults = faults
        self.clock = Clock()
        self.people = {person.key: person for person in people}
        self.key_of = {openid_of(key, credentials.app_id): key for key in self.people}
        self.tell: Callable[[Json], None] = lambda _event: None
        self.forget()
        for entry in journal.replay():
            self._apply(entry)

    def forget(self) -> None:
        """Start over with an empty world; the people stay who they are."""
        self.tokens, self.limits = Tokens(), Limits()
        self.balances: dict[tuple[str, str], int] = {}
        self.banned: set[tuple[str, str]] = set()
        self.received: dict[str, list[Received]] = {}
        self.fingerprints: Counter[int] = Counter()
        self.codes: dict[str, Code] = {}
        self.used_codes: set[str] = set()
        self.session_keys: dict[str, str] = {}
        self.active_at: dict[str, float] = {}
        self.logins: Counter[tuple[str, int]] = Counter()
        self.links: dict[str, str] = {}
        self.in_flight: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.errcodes: Counter[tuple[str, int]] = Counter()
        self.accepted = self.undelivered = self.withheld = 0
        self.undelivered_percent = 0.0
        self.faults.clear()
        self._serial = itertools.count(1)
        self._msgid = itertools.count(3_800_000_000_000_000_000 + secrets.randbelow(10**12) * 1000)

    # ── people ──────────────────────────────────────────────────────────────────────────────

    def openid(self, who: str) -> str:
        """Return the openid of a demo resident's key; any key has one."""
        openid = openid_of(who, self.credentials.app_id)
        self.key_of.setdefault(openid, who)
        return openid

    def person(self, who: str) -> Person:
        """Return a demo resident, or a stranger who merely uses WeChat."""
        digits = int.from_bytes(hashlib.sha256(who.encode()).digest()[:4], "big") % 10**8
        return self.people.get(who) or Person(key=who, name=who, phone=f"199{digits:08d}")

    # ── subscriptions ───────────────────────────────────────────────────────────────────────

    def balance(self, openid: str, template_id: str) -> int:
        """Return how many more messages of a template this resident lets through."""
        own = self.balances.get((openid, template_id))
        return self.balances.get((EVERYONE, template_id), 0) if own is None else own

    def subscribe(self, openid: str, template_id: str, action: str, times: int = 1) -> None:
        """Change the true balance as the popup (accept, reject, ban) or the settings (off) do."""
        entry = {"openid": openid, "tpl": template_id, "act": action, "n": times}
        self._apply({"t": "sub", **entry})
        self.journal.write(t="sub", **entry)

    def _subscribed(self, openid: str, template_id: str, action: str, times: int) -> None:
        pair, long_term = (openid, template_id), TEMPLATES[template_id].type == LONG_TERM
        if action == "ban":
            self.banned.add(pair)
            return
        self.banned.discard(pair)
        if action == "accept":
            self.balances[pair] = 1 if long_term else self.balance(openid, template_id) + times
        elif action == "off" or long_term:
            self.balances[pair] = 0

    # ── messages ────────────────────────────────────────────────────────────────────────────

    def accept(self, openid: str, template_id: str, values: dict[str, str], page: str) -> Received:
        """Take a message: spend the balance, and lay it into the phone."""
        got = Received(next(self._msgid), self.clock.now(), template_id, values, page)
        self._lay(openid, got)
        self.journal.write(
            t="got", openid=openid, tpl=template_id, d=values, page=page, at=got.at, id=got.msgid
        )
        return got

    def _lay(self, openid: str, got: Received) -> None:
        self.spend(openid, got.template_id)
        self.accepted += 1
        self.fingerprints[hash((openid, got.template_id, *sorted(got.values.items())))] += 1
        self.received.setdefault(openid, []).append(got)

    def spend(self, openid: str, template_id: str) -> None:
        """Take one from the balance of a one-time template."""
        if TEMPLATES[template_id].type != LONG_TERM:
            pair = (openid, template_id)
            self.balances[pair] = max(self.balance(*pair) - 1, 0)

    @property
    def duplicates(self) -> int:
        """Return how many messages said again what their reader had been told before."""
        return sum(count - 1 for count in self.fingerprints.values() if count > 1)

    # ── codes ───────────────────────────────────────────────────────────────────────────────

    def mint(self, prefix: str, code: Code) -> str:
        """Return a fresh one-time code, as wx.login or getPhoneNumber gives it to the client."""
        text = f"{prefix}{secrets.token_urlsafe(24)}"
        self.codes[text] = code
        return text

    def use_up(self, code: str) -> bool:
        """Mark a code as used; False when it was already."""
        digest = hashlib.sha256(code.encode()).hexdigest()[:24]
        if digest in self.used_codes:
            return False
        self.used_codes.add(digest)
        self.journal.write(t="used", code=digest)
        return True

    # ── small things ────────────────────────────────────────────────────────────────────────

    def rid(self) -> str:
        """Return the request id WeChat puts at the end of an errmsg."""
        return f"{int(self.clock.now()):08x}-{next(self._serial):08x}-5a1ya490"

    def note_token(self) -> None:
        """Remember the stable token across a restart of the sandbox, as WeChat itself would."""
        tokens = self.tokens
        if tokens.stable:
            self.journal.write(t="token", token=tokens.stable, ends=tokens.ends[tokens.stable])

    def _apply(self, entry: dict[str, Any]) -> None:
        match entry.get("t"):
            case "sub":
                self._subscribed(entry["openid"], entry["tpl"], entry["act"], entry["n"])
            case "got":
                got = Received(entry["id"], entry["at"], entry["tpl"], entry["d"], entry["page"])
                self._lay(entry["openid"], got)
            case "used":
                self.used_codes.add(entry["code"])
            case "token":
                self.tokens.stable = entry["token"]
                self.tokens.ends[entry["token"]] = entry["ends"]


WORLD: Final = web.AppKey("world", World)
