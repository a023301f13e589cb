"""Case (办件): one application, its number, its answers, its steps, and its chain of events."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from backend.cases.lifecycle import OPEN, Status
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.core import crypto
from backend.organisation.models import Department, Division
from backend.residents import identity
from backend.residents.models import Resident

CITY = "512"


class CaseCounter(models.Model):
    """流水: one row an intake point and day; the row lock makes the serial unique."""

    point = models.CharField("收件点", max_length=9, db_collation="C")
    day = models.DateField("日期")
    value = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "day"], name="counter_daily")]

    def __str__(self) -> str:
        return f"{self.point} {self.day}"


class Case(models.Model):
    """办件. The handling authority's codes (custody included) stand here, so lists need no tree."""

    class Channel(models.TextChoices):
        MINIAPP = "miniapp", "微信小程序"
        WINDOW = "window", "窗口"
        TABLET = "tablet", "社区平板"

    class Outcome(models.TextChoices):
        GRANTED = "granted", "准予"
        REFUSED = "refused", "不予"

    number = models.CharField("办事编号", max_length=24, db_collation="C")
    version = models.ForeignKey(
        ServiceVersion, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="cases")
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    applicant = models.ForeignKey(
        Resident, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField("渠道", max_length=16, choices=Channel)
    status = models.CharField("状态", max_length=16, choices=Status, default=Status.SUBMITTED)
    sealed_answers = models.BinaryField("申报内容")
    token = models.UUIDField("提交凭据")
    request_digest = models.BinaryField("提交内容摘要", max_length=32)
    intake_division = models.ForeignKey(
        Division, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    county_code = models.CharField("办理县区", max_length=12, db_collation="C")
    town_code = models.CharField("办理乡镇", max_length=12, blank=True, db_collation="C")
    village_code = models.CharField("办理村社", max_length=12, blank=True, db_collation="C")
    submitted_at = models.DateTimeField("提交时间")
    accepted_at = models.DateTimeField("受理时间", null=True, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    promised_due_on = models.DateField("承诺办结日", null=True, blank=True)
    statutory_due_on = models.DateField("法定办结日", null=True, blank=True)
    warn_on = models.DateField("黄灯日", null=True, blank=True)
    paused_on = models.DateField("停表日", null=True, blank=True)
    provisional = models.BooleanField("日期暂定", default=False)
    outcome = models.CharField("结果", max_length=16, choices=Outcome, blank=True)
    reason = models.TextField("理由", blank=True)
    event_count = models.PositiveIntegerField(default=0)
    event_head = models.BinaryField("事件链头", max_length=32, default=b"")

    class Meta:
        verbose_name = "办件"
        constraints = [
            models.UniqueConstraint(fields=["number"], name="case_number_once"),
            models.UniqueConstraint(fields=["submitted_by", "token"], name="case_once_a_token"),
            models.UniqueConstraint(
                fields=["applicant", "item"],
                condition=Q(status__in=sorted(OPEN)),
                name="case_one_open_per_person_and_item",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.ACCEPTED) | Q(promised_due_on__isnull=False),
                name="case_accepted_has_a_due_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["decided", "delivered", "concluded"]) | ~Q(outcome=""),
                name="case_decided_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["applicant", "-submitted_at", "-id"], name="case_of_applicant"),
            models.Index(fields=["department", "-submitted_at", "-id"], name="case_of_department"),
            models.Index(fields=["county_code", "-submitted_at", "-id"], name="case_of_county"),
            models.Index(fields=["town_code", "-submitted_at", "-id"], name="case_of_town"),
            models.Index(fields=["village_code", "-submitted_at", "-id"], name="case_of_village"),
            models.Index(fields=["-submitted_at", "-id"], name="case_newest"),
            models.Index(fields=["id"], name="case_paused", condition=Q(paused_on__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def answers(self) -> dict[str, Any]:
        opened = crypto.unseal_json(self.sealed_answers, context=answers_context(self.number))
        return opened if isinstance(opened, dict) else {}

    @property
    def circumstances(self) -> dict[str, object]:
        """How it came in, as the conditions of a process may ask."""
        person, on = self.applicant, timezone.localdate(self.submitted_at)
        home = person.hukou_division.code if person.hukou_division else ""
        return {
            "applicant": {
                "age": identity.age_on(person.birth_on, on) if person.birth_on else None,
                "local_hukou": home.startswith(CITY),
                "by_proxy": False,
            },
            "proxy": {"authorized": False},
            "channel": self.channel,
        }

    @property
    def facts(self) -> dict[str, object]:
        """All that the conditions of a process may ask: the answers, and how it came in."""
        return {**self.answers, **self.circumstances}


def answers_context(number: str) -> str:
    return f"cases.answers.{number}"


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
    due_on = models.DateField("环节时限")
    warn_on = models.DateField("黄灯日")
    alerted = models.PositiveSmallIntegerField("已提醒", default=0, help_text="1 黄灯 2 红灯")
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
                condition=Q(state="open", alerted__lt=2) & ~Q(role="system"),
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


class CaseEvent(models.Model):
    """痕迹: append-only, each row hashed over the one before it (a trigger refuses change)."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField("序号")
    verb = models.CharField("动作", max_length=24)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("时间")
    status = models.CharField("之后的状态", max_length=16)
    step = models.CharField("环节", max_length=32, blank=True)
    details = models.JSONField("说明", default=dict)
    prev_hash = models.BinaryField("前链", max_length=32)
    hash = models.BinaryField("本链", max_length=32)

    class Meta:
        verbose_name = "办件痕迹"
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="event_in_order")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.seq} {self.verb}"


class Draft(models.Model):
    """草稿: answers on their way, versioned, so that two devices conflict instead of losing."""

    uid = models.UUIDField("编号")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    item = models.ForeignKey(ServiceItem, on_delete=models.CASCADE, related_name="+")
    sealed_answers = models.BinaryField("内容")
    revision = models.PositiveIntegerField("版次", default=1)
    device = models.CharField("设备", max_length=64, blank=True)
    updated_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = "草稿"
        constraints = [models.UniqueConstraint(fields=["account", "uid"], name="draft_once")]
        indexes = [models.Index(fields=["account", "-updated_at", "-id"], name="draft_of_account")]

    def __str__(self) -> str:
        return f"草稿 #{self.pk}"

    @staticmethod
    def context(account_id: int, uid: object) -> str:
        return f"cases.draft.{account_id}.{uid}"

    @property
    def answers(self) -> dict[str, Any]:
        context = self.context(self.account_id, self.uid)
        opened = crypto.unseal_json(self.sealed_answers, context=context)
        return opened if isinstance(opened, dict) else {}


class LookupGuard(models.Model):
    """查询保护: wrong answers to a look-up without login; three lock the number for a while."""

    number = models.CharField("办事编号", max_length=24, primary_key=True, db_collation="C")
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "查询保护"

    def __str__(self) -> str:
        return self.number
