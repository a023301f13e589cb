"""Supplement (一次性告知、补正): what is missing, said once, answered line by line."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.cases.models.case import Case
from backend.core import crypto
from backend.organisation.models import Department


class Supplement(models.Model):
    """补正告知: one notice with all its defects; a second one needs the head's word."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待负责人批准"
        REFUSED = "refused", "未批准"
        OPEN = "open", "待补正"
        ANSWERED = "answered", "已补正"
        LAPSED = "lapsed", "逾期未补"
        CANCELLED = "cancelled", "已取消"

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="supplements", db_index=False
    )
    ordinal = models.PositiveSmallIntegerField("第几次")
    state = models.CharField("状态", max_length=16, choices=State)
    step = models.CharField("环节", max_length=32)
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    note = models.TextField("说明", blank=True)
    late_reason = models.TextField("为何不能一次告知", blank=True)
    avoidable = models.BooleanField(
        "首次本可告知", default=False, help_text="首次告知时已能发现, 计入部门考核"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField("提出时间")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    given_at = models.DateTimeField("告知时间", null=True, blank=True)
    due_on = models.DateField("补正期限", null=True, blank=True)
    prolonged = models.BooleanField("已延一次", default=False)
    revision = models.PositiveIntegerField(
        "版次", db_default=0, default=0, help_text="每次补正加一, 两台设备据此发现冲突"
    )
    reminded = models.PositiveSmallIntegerField(
        "已提醒", db_default=0, default=0, help_text="1 到期前3个工作日 2 前1天"
    )
    done_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "补正告知"
        constraints = [
            models.UniqueConstraint(fields=["case", "ordinal"], name="supplement_in_order"),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["proposed", "open"]),
                name="supplement_one_open_a_case",
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(due_on__isnull=False),
                name="supplement_open_has_a_due_day",
            ),
            models.CheckConstraint(
                condition=Q(ordinal=1)
                | Q(state__in=["proposed", "refused", "cancelled"])
                | Q(approved_by__isnull=False),
                name="supplement_second_is_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="supplement_due", condition=Q(state="open")),
            models.Index(
                fields=["asked_at", "id"],
                name="supplement_proposed",
                condition=Q(state="proposed"),
            ),
            models.Index(
                fields=["department", "-asked_at", "-id"],
                name="supplement_second_of_office",
                condition=Q(ordinal__gt=1),
            ),
            models.Index(
                fields=["-asked_at", "-id"],
                name="supplement_second",
                condition=Q(ordinal__gt=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} 第{self.ordinal}次补正"


class Defect(models.Model):
    """缺项: one field or one material, what is wrong with it, and how to mend it."""

    class On(models.TextChoices):
        FIELD = "field", "填报项"
        MATERIAL = "material", "材料"

    class Reason(models.TextChoices):
        MISSING = "missing", "没有提交"
        UNCLEAR = "unclear", "看不清"
        INCOMPLETE = "incomplete", "内容不全"
        EXPIRED = "expired", "已过有效期"
        MISMATCH = "mismatch", "与登记信息不一致"
        WRONG = "wrong", "填写有误"
        UNSIGNED = "unsigned", "没有签字盖章"
        FORMAT = "format", "格式不符合要求"

    supplement = models.ForeignKey(
        Supplement, on_delete=models.CASCADE, related_name="defects", db_index=False
    )
    seq = models.PositiveSmallIntegerField("序号")
    on = models.CharField("对象", max_length=16, choices=On)
    key = models.CharField("键", max_length=32)
    label = models.CharField("名称", max_length=64)
    reason = models.CharField("原因", max_length=16, choices=Reason)
    remedy = models.CharField("怎么补", max_length=300)
    sample = models.CharField("样例", max_length=200, blank=True)
    visible_at_first = models.BooleanField("首次已可见", default=False)
    answered_at = models.DateTimeField("补正时间", null=True, blank=True)
    reply = models.CharField("申请人说明", max_length=300, blank=True)
    revision = models.PositiveIntegerField("补正于版次", db_default=0, default=0)

    class Meta:
        verbose_name = "缺项"
        constraints = [
            models.UniqueConstraint(fields=["supplement", "seq"], name="defect_in_order"),
            models.UniqueConstraint(fields=["supplement", "on", "key"], name="defect_once"),
            models.CheckConstraint(condition=~Q(remedy=""), name="defect_says_how"),
        ]
        ordering = [F("seq").asc()]

    def __str__(self) -> str:
        return f"{self.on} {self.key} {self.reason}"


class Amendment(models.Model):
    """
    更正: the answers as they stood before a change, sealed; the chain holds the digest of both.

    No trigger keeps it: personal data must be erasable when its term ends. Whether a copy is the
    one of that day is proved by the event `event_seq` (details `before`, `after`).
    """

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="amendments", db_index=False
    )
    event_seq = models.PositiveIntegerField("痕迹序号")
    keys = ArrayField(models.CharField(max_length=32), verbose_name="改动的填报项")
    sealed_before = models.BinaryField("改动前的申报内容")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "更正"
        constraints = [
            models.UniqueConstraint(fields=["case", "event_seq"], name="amendment_once_an_event")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.event_seq} {self.keys}"

    @staticmethod
    def context(number: str, event_seq: int) -> str:
        return f"cases.amendment.{number}.{event_seq}"

    @property
    def before(self) -> dict[str, Any]:
        context = self.context(self.case.number, self.event_seq)
        opened = crypto.unseal_json(self.sealed_before, context=context)
        return opened if isinstance(opened, dict) else {}
