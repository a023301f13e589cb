"""Dispatch (派发): one room, one round. What it promises stands in docs/notifications.md."""

from notifications.dispatch.loop import beat, run, worker_name
from notifications.dispatch.reaping import measure, reap

__all__ = ["beat", "measure", "reap", "run", "worker_name"]
