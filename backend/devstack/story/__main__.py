"""`make story`: tell it against the running city; exit 1 at the first broken promise."""

import os
import sys
import time

import requests

from backend.devstack import environment, places
from backend.devstack.story import acts
from backend.devstack.story.stage import Stage
from backend.devstack.story.voice import StoryBroken, Voice


def main() -> int:
    settings = {**environment.read(places.DATA / "servers.env"), **os.environ}
    if not settings.get("WEB_BASE_URL"):
        print("没有找到运行中的平台, 请先在另一个终端执行 make run", file=sys.stderr)
        return 1
    voice, started = Voice(), time.monotonic()
    try:
        stage = Stage(settings, voice)
        for act in acts.ALL:
            act(stage)
    except StoryBroken as broken:
        print(f"\n故事在这里断了: {broken}", file=sys.stderr)
        return 1
    except requests.RequestException as lost:
        print(f"\n无法连接平台({type(lost).__name__}), make run 是否还在运行?", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    print(f"\n故事讲完: {voice.checked} 处约定全部兑现, 用时 {seconds:.0f} 秒")
    return 0


if __name__ == "__main__":
    sys.exit(main())
