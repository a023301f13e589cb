"""
Case lifecycle (办件生命周期). Read this table and you know every rule of status.

Departments' own steps (承办、审核、批准) are data: see `workflow.py`.
"""

from django.db import models

from backend.core.lifecycle import Lifecycle, Move
from backend.organisation.duties import Duty


class Status(models.TextChoices):
    SUBMITTED = "submitted", "待受理"
    ACCEPTED = "accepted", "办理中"
    DECIDED = "decided", "已决定"
    DELIVERED = "delivered", "已送达"
    CONCLUDED = "concluded", "已办结"
    DECLINED = "declined", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"


S = Status
OPEN = frozenset({S.SUBMITTED, S.ACCEPTED, S.DECIDED, S.DELIVERED})
CLOSED = frozenset(set(S) - OPEN)

# fmt: off
LIFECYCLE = Lifecycle([
    #    verb        from                                    to           who           clock    tells the resident
    Move("accept",   frozenset({S.SUBMITTED}),               S.ACCEPTED,  Duty.INTAKE,  "start", "case.accepted"),      # 受理
    Move("decline",  frozenset({S.SUBMITTED}),               S.DECLINED,  Duty.INTAKE,  "",      "case.declined"),      # 不予受理
    Move("decide",   frozenset({S.ACCEPTED}),                S.DECIDED,   Duty.DECIDE,  "stop",  "case.decided"),       # 决定(准予/不予)
    Move("deliver",  frozenset({S.DECIDED}),                 S.DELIVERED, Duty.DELIVER, "",      "case.result_ready"),  # 送达
    Move("conclude", frozenset({S.DECIDED, S.DELIVERED}),    S.CONCLUDED, Duty.HANDLE,  "",      "case.concluded"),     # 办结
    Move("withdraw", frozenset({S.SUBMITTED, S.ACCEPTED}),   S.WITHDRAWN, Duty.APPLY,   "stop",  ""),                   # 撤回
])
# fmt: on
