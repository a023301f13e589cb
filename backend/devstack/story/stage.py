"""What every act stands on: the addresses, the people, and ways to look at them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import yaml

from backend.devstack import places
from backend.devstack.story.clients import MiniProgram, Pockets, Tablet
from backend.devstack.story.voice import Voice

SEEDS = places.ROOT / "backend" / "seeds" / "data"
PASSWORD = "ziyang-demo"


class Stage:
    """The running city as the story's people meet it."""

    def __init__(self, settings: Mapping[str, str], voice: Voice) -> None:
        self.voice, self.web = voice, settings["WEB_BASE_URL"]
        self.pockets = Pockets(settings["WECHAT_BASE_URL"])
        rows = yaml.safe_load((SEEDS / "people.yaml").read_text(encoding="utf-8"))
        self.people: dict[str, dict[str, Any]] = {row["key"]: row for row in rows}
        self._tablets: dict[str, Tablet] = {}
        self.cases: dict[str, str] = {}

    def phone_of(self, who: str) -> MiniProgram:
        """Sign a resident in on a fresh device."""
        app = MiniProgram(self.web, who)
        answer = app.log_in()
        self.voice.holds(f"{self.name(who)} 用微信登录", answer.status == 201, answer.body)
        return app

    def tablet_of(self, name: str) -> Tablet:
        """Sign a member of staff in, once."""
        if name not in self._tablets:
            tablet = Tablet(self.web, name, PASSWORD)
            self.voice.holds(
                f"{name} 登录工作台", tablet.signed_in.status in (200, 201), tablet.signed_in.body
            )
            self._tablets[name] = tablet
        return self._tablets[name]

    def name(self, who: str) -> str:
        return str(self.people[who]["name"])

    def ding(self, who: str, number: str, status: str, *, seconds: float = 30) -> None:
        """Wait until the phone shows a WeChat card about a case with this status."""
        tail = number[-6:]

        def arrived() -> list[dict[str, Any]]:
            return [
                card
                for card in self.pockets.received(who)
                if tail in str(card.get("data")) and status in str(card.get("data"))
            ]

        found = self.voice.waits(
            f"{self.name(who)}的手机收到微信通知「{status}」", arrived, seconds=seconds
        )
        cards = found if isinstance(found, list) else []
        data = cards[-1]["data"]
        self.voice.sees(" · ".join(_text(value) for value in data.values()))


def _text(value: object) -> str:
    return str(value.get("value")) if isinstance(value, Mapping) else str(value)


def today() -> dt.date:
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
