"""
Lifecycles of the catalogue (事项目录的状态表): what an item, a procedure and a draft may become.

An item is admitted as a draft, tried out where it is piloted, published, perhaps suspended for a
while, and leaves by a procedure of its own (领域说明 §1.2). Only what is open takes new cases;
what runs finishes on the version it began with.
"""

from django.db import models

from backend.core.lifecycle import Lifecycle, Move
from backend.organisation.duties import Duty


class ItemStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    TRIAL = "trial", "试运行"
    PUBLISHED = "published", "已发布"
    SUSPENDED = "suspended", "暂停办理"
    EXITED = "exited", "已退出"


class ProcedureStatus(models.TextChoices):
    """准入与退出程序走到哪里."""

    VETTING = "vetting", "民政审查中"
    RETURNED = "returned", "退回补充"
    MEETING = "meeting", "待联席会议"
    APPROVED = "approved", "已同意"
    REFUSED = "refused", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"


class DraftState(models.TextChoices):
    EDITING = "editing", "编辑中"
    TRIAL = "trial", "试运行中"
    PUBLISHED = "published", "已发布"
    DISCARDED = "discarded", "已作废"


S, P, D = ItemStatus, ProcedureStatus, DraftState
TAKES_CASES = frozenset({S.TRIAL, S.PUBLISHED})
RUNNING = frozenset({P.VETTING, P.RETURNED, P.MEETING})

# fmt: off
ITEMS = Lifecycle([
    #    verb         from                                               to           who
    Move("found",     frozenset({S.DRAFT}),                              S.PUBLISHED, Duty.TIMER),      # 首批清单直接发布
    Move("try_out",   frozenset({S.DRAFT, S.TRIAL}),                     S.TRIAL,     Duty.PUBLISH),    # 试运行
    Move("call_off",  frozenset({S.TRIAL}),                              S.DRAFT,     Duty.PUBLISH),    # 结束试运行, 退回修改
    Move("publish",   frozenset({S.TRIAL, S.PUBLISHED}),                 S.PUBLISHED, Duty.PUBLISH),    # 发布
    Move("publish",   frozenset({S.SUSPENDED}),                          S.SUSPENDED, Duty.PUBLISH),    # 暂停期间换版, 仍暂停
    Move("suspend",   frozenset({S.PUBLISHED}),                          S.SUSPENDED, Duty.SIGN_OFF),   # 暂停办理
    Move("resume",    frozenset({S.SUSPENDED}),                          S.PUBLISHED, Duty.SIGN_OFF),   # 恢复办理
    Move("exit",      frozenset({S.TRIAL, S.PUBLISHED, S.SUSPENDED}),    S.EXITED,    Duty.ADMIT),      # 退出
])
PROCEDURES = Lifecycle([
    #    verb         from                                               to           who
    Move("vet",       frozenset({P.VETTING}),                            P.MEETING,   Duty.VET),        # 审查同意, 提请联席会议
    Move("send_back", frozenset({P.VETTING}),                            P.RETURNED,  Duty.VET),        # 退回补充
    Move("resubmit",  frozenset({P.RETURNED}),                           P.VETTING,   Duty.PROPOSE),    # 补充后再报
    Move("refuse",    frozenset({P.VETTING}),                            P.REFUSED,   Duty.VET),        # 审查不同意
    Move("refuse",    frozenset({P.MEETING}),                            P.REFUSED,   Duty.ADMIT),      # 会议不同意
    Move("approve",   frozenset({P.MEETING}),                            P.APPROVED,  Duty.ADMIT),      # 会议同意
    Move("withdraw",  RUNNING,                                           P.WITHDRAWN, Duty.PROPOSE),    # 撤回
])
DRAFTS = Lifecycle([
    #    verb         from                                               to           who
    Move("save",      frozenset({D.EDITING, D.TRIAL}),                   D.EDITING,   Duty.CONFIGURE),  # 保存, 须重新签认
    Move("sign_off",  frozenset({D.EDITING}),                            D.EDITING,   Duty.SIGN_OFF),   # 责任部门签认
    Move("try_out",   frozenset({D.EDITING}),                            D.TRIAL,     Duty.PUBLISH),    # 试运行
    Move("publish",   frozenset({D.EDITING, D.TRIAL}),                   D.PUBLISHED, Duty.PUBLISH),    # 发布
    Move("call_off",  frozenset({D.TRIAL}),                              D.EDITING,   Duty.PUBLISH),    # 结束试运行, 退回修改
    Move("discard",   frozenset({D.EDITING, D.TRIAL}),                   D.DISCARDED, Duty.CONFIGURE),  # 作废
])
# fmt: on
