"""What the phone pages (手机页面) of the sandboxes share: one shell, one look, text escaped."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Final

from aiohttp import web

_LOOKS = Path(__file__).parent / "looks"
CSS: Final = (_LOOKS / "phones.css").read_text(encoding="utf-8")
SCRIPT: Final = (_LOOKS / "phones.js").read_text(encoding="utf-8")
_SHANGHAI: Final = timedelta(hours=8)


def shell(title: str, *, head: str, body: str) -> web.Response:
    """Return a whole page; `head` and `body` are HTML."""
    return html(
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}'
        '</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{CSS}</style></head><body>'
        f'<header class="top">{head}</header>{body}<script>{SCRIPT}</script></body></html>'
    )


def html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


def figures(pairs: Iterable[tuple[str, object, bool]]) -> str:
    """Return the figures of the head: label, value, and whether the value is bad news."""
    return "".join(
        f'<div class="figure{" bad" if bad else ""}"><b>{escape(str(value))}</b>'
        f"<span>{escape(label)}</span></div>"
        for label, value, bad in pairs
    )


def desk(title: str, note: str, *, numbers: str, tiles: str) -> web.Response:
    """Return the page of all phones; `/figures` and `/tiles` keep it fresh."""
    head = (
        f"<h1>{escape(title)}<small>{escape(note)}</small></h1>"
        f'<div class="figures" data-live="/figures">{numbers}</div>'
    )
    return shell(title, head=head, body=f'<div class="tiles" data-live="/tiles">{tiles}</div>')


def tile(href: str, name: str, note: str, count: int, last: tuple[str, str, str] | None) -> str:
    """Return one phone of the desk; `last` is the newest message: title, time, first words."""
    hue = hashlib.sha256(name.encode()).digest()[0] * 360 // 256
    newest = ""
    if last is not None:
        title, at, words = map(escape, last)
        newest = f'<div class="last"><b>{title}<time>{at}</time></b>{words}</div>'
    return (
        f'<a class="tile" href="{escape(href)}"><div class="who">'
        f'<div class="face" style="--hue:{hue}">{escape(name[:1])}</div>'
        f"<div><b>{escape(name)}</b><small>{escape(note)}</small></div>"
        f'<span class="count{"" if count else " none"}">{count}</span></div>{newest}</a>'
    )


def phone(title: str, at: float, live: str, content: str) -> str:
    """Return a phone whose screen is fetched again from `live`."""
    return (
        f'<div class="phone"><div class="bar"><span>{moment(at, "%H:%M")}</span><i></i>'
        f'<span>5G ▮▮▮</span></div><div class="title">{escape(title)}</div>'
        f'<div class="chat" data-live="{escape(live)}">{content}</div></div>'
    )


def moment(at: float, form: str = "%m月%d日 %H:%M") -> str:
    """Return epoch seconds as time in Shanghai."""
    return (datetime.fromtimestamp(at, UTC) + _SHANGHAI).strftime(form)
