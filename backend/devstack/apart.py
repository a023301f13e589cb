"""
A pytest plugin (测试分隔): each xdist worker has its own sandboxes and Valkey database.

It runs before the settings are read: worker gw1 takes `GW1_WECHAT_BASE_URL` as `WECHAT_BASE_URL`,
and so on; gw0, or a run without workers, keeps the plain names.
"""

import os


def take(worker: str, environ: dict[str, str] | os._Environ[str] = os.environ) -> None:
    """Give a worker the addresses that carry its name."""
    prefix = f"{worker.upper()}_"
    mine = {name.removeprefix(prefix): environ[name] for name in environ if name.startswith(prefix)}
    environ.update(mine)


if "PYTEST_XDIST_WORKER" in os.environ:
    take(os.environ["PYTEST_XDIST_WORKER"])
