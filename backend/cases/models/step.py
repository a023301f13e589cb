"""CaseStep (环节): the turns departments take on a case."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.cases.models.case import Case
from backend.organisation.models import Department


class CaseStep(models.Model):
    """环节: one department's turn. Rows are made as their turn comes; the plan is the version's."""

    class State(models.TextChoices):
        OPEN = "open", "待办"
        PASSED = "passed", "通过"
        REJECTED = "rejected", "不予通过"
        RETURNED = "returned", "退回"
        CANCELLED = "cancelled", "取消"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField("环节", max_length=32)
    name = models.CharField("名称", max_length=64)
    phase = models.CharField("阶段", max_length=16)
    stage = models.PositiveSmallIntegerField("次序")
    round = models.PositiveSmallIntegerField("轮次", default=1)
    role = models.CharField("角色", max_length=24)
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    county_code = models.CharField(max_length=12, db_collation="C")
    town_code = models.CharField(max_length=12, blank=True, db_collation="C")
    village_code = models.CharField(max_length=12, blank=True, db_collation="C")
    state = models.CharField("结果", max_length=16, choices=State, default=State.OPEN)
    counts = models.BooleanField("计时", default=True)
    opened_at = models.DateTimeField("到达时间")
    days = models.PositiveSmallIntegerField("天数", db_default=0)
    day_kind = models.CharField("计日口径", max_length=16, db_default="working")
    due_on = models.DateField("环节时限")
    warn_on = models.DateField("黄灯日")
    alerted = models.PositiveSmallIntegerField(
        "已提醒", default=0, help_text="1 黄灯 2 红灯 3 已报监察"
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    claimed_until = models.DateTimeField("认领至", null=True, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    opinion = models.TextField("意见", blank=True)

    class Meta:
        verbose_name = "环节"
        constraints = [
            models.UniqueConstraint(fields=["case", "key", "round"], name="step_once_a_round"),
            models.UniqueConstraint(
                fields=["case", "key"], condition=Q(state="open"), name="step_one_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "due_on", "id"],
                name="step_todo_department",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["department", "town_code", "due_on", "id"],
                name="step_todo_department_town",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["county_code", "due_on", "id"],
                name="step_todo_county",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["town_code", "due_on", "id"],
                name="step_todo_town",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["village_code", "due_on", "id"],
                name="step_todo_village",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["warn_on"],
                name="step_to_alert",
                condition=Q(state="open", alerted__lt=3) & ~Q(role="system"),
            ),
            models.Index(fields=["due_on", "id"], name="step_todo_city", condition=Q(state="open")),
            models.Index(
                fields=["id"], name="step_todo_system", condition=Q(state="open", role="system")
            ),
            models.Index(
                fields=["claimed_by"],
                name="step_claimed",
                condition=Q(state="open", claimed_by__isnull=False),
            ),
            models.Index(fields=["department", "case"], name="step_department_saw"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.key} {self.state}"
