"""
The access token (接口凭据): one for all processes, fetched by one of them at a time.

Valkey keeps it, sealed. Whoever finds it dead compares before he asks: another may have replaced it
meanwhile. stable_token answers with the living token, so without Valkey each process asks for
itself; and when it answers with the very token that was refused, asking again would change nothing.
"""

import functools
import os
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.core import crypto
from backend.core.wechat import calls
from backend.core.wechat.calls import Reply

DEAD: Final = frozenset({40001, 40014, 42001})
"""The codes that say the token is not, or no longer, valid."""
REREAD: Final = 5.0
"""Seconds a process trusts its copy before it looks into Valkey again."""
REST: Final = 10.0
"""Seconds without another try, after stable_token repeated the refused token or failed."""
MARGIN: Final = 240
"""Seconds before its end at which a token is forgotten; WeChat renews it 300 s before."""
LOCK_MS: Final = 7000
PATIENCE: Final = 6.0
_UNLOCK: Final = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end"
_log = structlog.get_logger(__name__)


@functools.cache
def _valkey_of(_process: int, url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )


def valkey() -> redis.Redis:
    """Return this process's client: short waits, no retries."""
    return _valkey_of(os.getpid(), settings.REDIS_URL)


def with_token(
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Reply:
    """Call with the token; when it turns out dead, replace it once and call once more."""
    keeper = _keeper(os.getpid(), settings.WECHAT_BASE_URL, settings.WECHAT_APP_ID)
    token = keeper.current()
    if not token:
        return Reply("not_sent", {})
    reply = calls.call(method, path, token=token, params=params, body=body)
    if reply.errcode in DEAD and (fresh := keeper.replace(token)):
        reply = calls.call(method, path, token=fresh, params=params, body=body)
    return reply


class Keeper:
    """One process's copy of the token, shared by its threads."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._token, self._ends, self._look_again = "", 0.0, 0.0
        self._refused, self._rest_until = "", 0.0

    def current(self) -> str:
        """Return the token, or "" when there is none to be had."""
        if time.monotonic() < self._look_again:
            return self._token
        with self._gate:
            if time.monotonic() < self._look_again:
                return self._token
            return self._find(refused="")

    def replace(self, refused: str) -> str:
        """Return another token than the one just refused, or "" when there is no other."""
        with self._gate:
            if self._token not in ("", refused):
                return self._token  # another thread was faster
            self._token, self._look_again = "", 0.0
            return self._find(refused)

    def _find(self, refused: str) -> str:
        if time.monotonic() < self._rest_until and refused == self._refused:
            return ""
        stored = self._stored()
        if stored is None and self._token and time.monotonic() < self._ends:
            return self._hold(self._token, self._ends - time.monotonic())
        if stored and stored[0] not in ("", refused):
            return self._hold(*stored)
        return self._fetch(refused, shared=stored is not None)

    def _stored(self) -> tuple[str, float] | None:
        """Return the token in Valkey and its seconds left; ("", 0) for none, None for no Valkey."""
        try:
            pipe = valkey().pipeline(transaction=False)
            pipe.get(_key())
            pipe.pttl(_key())
            sealed, left_ms = pipe.execute()
            if not sealed:
                return "", 0.0
            return crypto.unseal(sealed, context=_key()), left_ms / 1000
        except crypto.SealBroken:
            return "", 0.0
        except redis.RedisError:
            return None

    def _fetch(self, refused: str, *, shared: bool) -> str:
        """Ask WeChat, as the only one of all processes where Valkey can say who that is."""
        if not shared:
            return self._ask(refused)
        mark = secrets.token_hex(8)
        try:
            if not valkey().set(_key("lock"), mark, nx=True, px=LOCK_MS):
                return self._await(refused)
            stored = self._stored()  # the one before may have finished in between
            if stored and stored[0] not in ("", refused):
                return self._hold(*stored)
            return self._ask(refused)
        except redis.RedisError:
            return self._ask(refused)
        finally:
            _unlock(mark)

    def _await(self, refused: str) -> str:
        """Poll until whoever holds the lock has stored a token, or has given up."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            time.sleep(0.05)
            busy = valkey().exists(_key("lock"))
            stored = self._stored()
            if stored and stored[0] not in ("", refused):
                return self._hold(*stored)
            if not busy:
                break
        return self._give_up(refused)

    def _ask(self, refused: str) -> str:
        """POST stable_token, never with force_refresh; keep what it answers."""
        body = {
            "grant_type": "client_credential",
            "appid": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
        }
        reply = calls.call("post", "cgi-bin/stable_token", body=body)
        token, seconds = reply.body.get("access_token"), reply.body.get("expires_in")
        if not isinstance(token, str) or not isinstance(seconds, int) or not token:
            _log.error("wechat_token_unavailable", errcode=reply.errcode, http=reply.http)
            return self._give_up(refused)
        if token == refused:
            _log.error("wechat_token_refused_twice")
            return self._give_up(refused)
        left = max(seconds - MARGIN, 60)
        try:
            valkey().set(_key(), crypto.seal(token, context=_key()), ex=left)
        except redis.RedisError:
            _log.warning("wechat_token_not_shared")
        return self._hold(token, left)

    def _hold(self, token: str, seconds: float) -> str:
        now = time.monotonic()
        self._token, self._ends = token, now + seconds
        self._look_again = now + min(REREAD, seconds)
        return token

    def _give_up(self, refused: str) -> str:
        self._token, self._look_again = "", 0.0
        self._refused, self._rest_until = refused, time.monotonic() + REST
        return ""


@functools.cache
def _keeper(_process: int, _base_url: str, _app_id: str) -> Keeper:
    return Keeper()


def _key(part: str = "token") -> str:
    return f"wechat:{settings.WECHAT_APP_ID}:{part}"


def _unlock(mark: str) -> None:
    try:
        valkey().eval(_UNLOCK, 1, _key("lock"), mark)
    except redis.RedisError:
        return  # it ends by itself
