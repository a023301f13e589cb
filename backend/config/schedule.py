"""What beat rings, and how often. Beat only rings: `clock.py` decides whether a tick counts."""

from typing import Any

_EVERY = {
    # task: seconds, lane
    "clock.dispatch_rt": (2, "rt"),
    "clock.dispatch_due": (2, "due"),
    "clock.dispatch_bulk": (5, "bulk"),
    "clock.apply_callbacks": (5, "cb"),
    "clock.reap": (15, "maint"),
    "clock.system_steps": (5, "maint"),
    "clock.bundles": (5, "maint"),
    "clock.typeset": (2, "maint"),
    "clock.uncollected": (600, "maint"),
    "clock.check_materials": (5, "maint"),
    "clock.materials": (600, "due"),
    "clock.lights": (60, "maint"),
    "clock.version_moves": (30, "maint"),
    "clock.procedures": (600, "maint"),
    "clock.unanswered": (600, "maint"),
    "clock.supplements": (600, "maint"),
    "clock.calendar": (300, "maint"),
    "clock.overlong": (3600, "maint"),
    "clock.scan_files": (30, "maint"),
    "clock.sweep_files": (3600, "maint"),
    "clock.remind": (600, "due"),
    "clock.heartbeat": (5, "maint"),
    "clock.tidy": (3600, "maint"),
}

SCHEDULE: dict[str, dict[str, Any]] = {
    task: {
        "task": task,
        "schedule": float(seconds),
        "options": {"queue": lane, "expires": max(seconds, 10)},
    }
    for task, (seconds, lane) in _EVERY.items()
}
