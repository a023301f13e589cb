"""`make reset` (重新开始): forget all data of this clone; refuses while anything of it runs."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path

from backend.devstack import leftovers, places
from backend.devstack.trouble import CannotRun


def main() -> int:
    """Remove the data folders; return 1 where something still runs on them."""
    data = places.DATA
    if not data.exists():
        print("没有数据需要清除。")
        return 0
    try:
        with places.only_one(data / "run.lock", "平台正在运行, 请先在它的终端按 Ctrl-C。"):
            _refuse_while_used(data)
            shutil.rmtree(data)
            shutil.rmtree(places.elsewhere(), ignore_errors=True)
            with suppress(OSError):  # the last clone of this machine sweeps up
                places.ELSEWHERE.rmdir()
    except PermissionError as error:
        print(f"✗ 没有权限删除 {error.filename}, 请换回当初启动的用户。", file=sys.stderr)
        return 1
    except CannotRun as trouble:
        print(f"✗ {trouble}", file=sys.stderr)
        return 1
    print("数据已清除, make run 将从头建立。")
    return 0


def _refuse_while_used(data: Path) -> None:
    """
    Look for what a killed run left, and for tests and benchmarks that run.

    :raises CannotRun: there is something.
    """
    if left := leftovers.still_running(data / "processes.json"):
        names = "、".join(trace.name for trace in left)
        raise CannotRun(f"上次运行留下的进程还在 ({names}): 先 make run, 再 Ctrl-C, 即可结束它们。")
    for lock in (*data.glob("test/run-*/lock"), *data.glob("bench/lock")):
        with places.only_one(lock, "make test 或 make bench 正在运行, 请等它结束。"):
            pass


if __name__ == "__main__":
    sys.exit(main())
