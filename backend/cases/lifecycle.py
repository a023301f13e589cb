"""
Case lifecycle (办件生命周期). Read this table and you know every rule of status.

Departments' own steps (承办、审核、批准) are data: see `workflow.py`.
"""

from django.db import models

from backend.core.lifecycle import Lifecycle, Move
from backend.organisation.duties import Duty


class Status(models.TextChoices):
    SUBMITTED = "submitted", "待受理"
    SUPPLEMENTING = "supplementing", "待补正"
    ACCEPTED = "accepted", "办理中"
    AWAITING = "awaiting", "待补充材料"
    SUSPENDED = "suspended", "特别程序中"
    DECIDED = "decided", "已决定"
    DELIVERED = "delivered", "已送达"
    CONCLUDED = "concluded", "已办结"
    DECLINED = "declined", "不予受理"
    LAPSED = "lapsed", "逾期未补正"
    WITHDRAWN = "withdrawn", "已撤回"
    TERMINATED = "terminated", "已终止"


S = Status
BEFORE = frozenset({S.SUBMITTED, S.SUPPLEMENTING})  # 受理以前
RUNNING = frozenset({S.ACCEPTED, S.AWAITING, S.SUSPENDED})  # 受理以后, 决定以前
STANDING = frozenset({S.SUPPLEMENTING, S.AWAITING, S.SUSPENDED})  # 等申请人或特别程序: 环节也停表
OPEN = BEFORE | RUNNING | {S.DECIDED, S.DELIVERED}
CLOSED = frozenset(set(S) - OPEN)

# fmt: off
LIFECYCLE = Lifecycle([
    #    verb                  from                                  to               who           clock     tells the resident
    Move("request_supplement", frozenset({S.SUBMITTED}),             S.SUPPLEMENTING, Duty.INTAKE,  "",       "case.supplement"),    # 一次性补正告知
    Move("request_supplement", frozenset({S.ACCEPTED}),              S.AWAITING,      Duty.REVIEW,  "pause",  "case.supplement"),    # 审查中补充材料
    Move("supplement",         frozenset({S.SUPPLEMENTING}),         S.SUBMITTED,     Duty.APPLY,   "",       ""),                   # 补正
    Move("supplement",         frozenset({S.AWAITING}),              S.ACCEPTED,      Duty.APPLY,   "resume", ""),                   # 补充
    Move("lapse",              frozenset({S.SUPPLEMENTING}),         S.LAPSED,        Duty.TIMER,   "",       "case.lapsed"),        # 逾期未补正
    Move("lapse",              frozenset({S.AWAITING}),              S.ACCEPTED,      Duty.TIMER,   "resume", "case.went_on"),       # 逾期, 按已有材料办
    Move("accept",             frozenset({S.SUBMITTED}),             S.ACCEPTED,      Duty.INTAKE,  "start",  "case.accepted"),      # 受理
    Move("deem_accepted",      frozenset({S.SUBMITTED}),             S.ACCEPTED,      Duty.TIMER,   "start",  "case.accepted"),      # 逾期未告知, 视为受理
    Move("decline",            frozenset({S.SUBMITTED}),             S.DECLINED,      Duty.INTAKE,  "",       "case.declined"),      # 不予受理
    Move("suspend",            frozenset({S.ACCEPTED}),              S.SUSPENDED,     Duty.REVIEW,  "pause",  "case.suspended"),     # 特别程序
    Move("resume",             frozenset({S.SUSPENDED}),             S.ACCEPTED,      Duty.REVIEW,  "resume", "case.resumed"),       # 恢复计时
    Move("transfer",           frozenset({S.SUBMITTED}),             S.SUBMITTED,     Duty.HANDLE,  "",       "case.transferred"),   # 移送(受理以前)
    Move("transfer",           frozenset({S.ACCEPTED}),              S.ACCEPTED,      Duty.HANDLE,  "",       "case.transferred"),   # 移送(决定以前)
    Move("extend",             frozenset({S.ACCEPTED}),              S.ACCEPTED,      Duty.ENDORSE, "extend", "case.extended"),      # 延期(负责人批准)
    Move("decide",             frozenset({S.ACCEPTED}),              S.DECIDED,       Duty.DECIDE,  "stop",   "case.decided"),       # 决定(准予/不予)
    Move("deliver",            frozenset({S.DECIDED}),               S.DELIVERED,     Duty.DELIVER, "",       "case.result_ready"),  # 送达
    Move("conclude",           frozenset({S.DECIDED, S.DELIVERED}),  S.CONCLUDED,     Duty.HANDLE,  "",       "case.concluded"),     # 办结
    Move("withdraw",           BEFORE | RUNNING,                     S.WITHDRAWN,     Duty.APPLY,   "stop",   ""),                   # 撤回
    Move("terminate",          BEFORE | RUNNING,                     S.TERMINATED,    Duty.ENDORSE, "stop",   "case.terminated"),    # 终止(申请人死亡等)
])
# fmt: on
