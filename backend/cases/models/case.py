"""Case (办件): one application, its number, its answers, its clock."""

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
        PHONE = "phone", "电话代办"

    class Consent(models.TextChoices):
        """How an applicant agreed to an application that staff typed in (帮办代办)."""

        IN_PERSON = "in_person", "本人到场"
        CALL = "call", "电话确认(录音)"
        WITNESSED = "witnessed", "工作人员见证"
        WRITTEN = "written", "书面委托"

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
    consent = models.CharField(
        "代办依据", max_length=16, choices=Consent, blank=True, default="", db_default=""
    )
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
    clock_from = models.DateField("起算日", null=True, blank=True, help_text="次日为第1日")
    promised_total = models.PositiveSmallIntegerField(
        "承诺天数", db_default=0, help_text="含批准的延期, 减去因日历调整而缩短的天数"
    )
    statutory_total = models.PositiveSmallIntegerField("法定天数", db_default=0)
    promised_due_on = models.DateField("承诺办结日", null=True, blank=True)
    statutory_due_on = models.DateField("法定办结日", null=True, blank=True)
    warn_on = models.DateField("黄灯日", null=True, blank=True)
    paused_on = models.DateField("停表日", null=True, blank=True)
    provisional = models.BooleanField("日期暂定", default=False)
    alerted = models.PositiveSmallIntegerField(
        "全件已提醒", db_default=0, default=0, help_text="1 黄灯 2 红灯 3 已报监察"
    )
    unanswered_told_on = models.DateField("逾期未答复已提示", null=True, blank=True)
    outcome = models.CharField("结果", max_length=16, choices=Outcome, blank=True)
    reason = models.TextField("理由", blank=True)
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    bundle = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts"
    )
    bundle_key = models.CharField("一件事分项", max_length=32, blank=True, db_default="")
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
                condition=~Q(status__in=["accepted", "suspended", "awaiting"])
                | Q(promised_due_on__isnull=False),
                name="case_accepted_has_a_due_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["decided", "delivered", "concluded"]) | ~Q(outcome=""),
                name="case_decided_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(channel="miniapp", consent="")
                | (~Q(channel="miniapp") & ~Q(consent="")),
                name="case_taken_in_with_consent",
            ),
        ]
        indexes = [
            models.Index(fields=["applicant", "-submitted_at", "-id"], name="case_of_applicant"),
            models.Index(fields=["department", "-submitted_at", "-id"], name="case_of_department"),
            models.Index(fields=["county_code", "-submitted_at", "-id"], name="case_of_county"),
            models.Index(fields=["town_code", "-submitted_at", "-id"], name="case_of_town"),
            models.Index(fields=["village_code", "-submitted_at", "-id"], name="case_of_village"),
            models.Index(fields=["-submitted_at", "-id"], name="case_newest"),
            models.Index(
                fields=["intake_division", "-submitted_at", "-id"],
                name="case_taken_at",
                condition=~Q(channel="miniapp"),
            ),
            models.Index(fields=["id"], name="case_paused", condition=Q(paused_on__isnull=False)),
            models.Index(
                fields=["submitted_at", "id"],
                name="case_unanswered",
                condition=Q(status="submitted"),
            ),
            models.Index(
                fields=["warn_on", "id"],
                name="case_to_alert",
                condition=Q(status="accepted", alerted__lt=3),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def answers(self) -> dict[str, Any]:
        opened = crypto.unseal_json(self.sealed_answers, context=answers_context(self.number))
        return opened if isinstance(opened, dict) else {}

    @property
    def most_extended(self) -> int:
        """How many days it may be extended by in all: the item's, or the usual (行政许可法 §42)."""
        return int(self.version.guide.get("extend_days") or settings.EXTENSION_DAYS)

    @property
    def circumstances(self) -> dict[str, object]:
        """How it came in, as the conditions of a process may ask."""
        person, on = self.applicant, timezone.localdate(self.submitted_at)
        home = person.hukou_division.code if person.hukou_division else ""
        return {
            "applicant": {
                "age": identity.age_on(person.birth_on, on) if person.birth_on else None,
                "local_hukou": home.startswith(CITY),
                "by_proxy": self.consent == self.Consent.WRITTEN,
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
