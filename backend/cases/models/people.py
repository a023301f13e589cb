"""Recusal (回避), KinStatement (亲属声明), HandOver (交接): in whose hands a case may be."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.cases.models.case import Case
from backend.cases.models.step import CaseStep


class Recusal(models.Model):
    """回避: who must keep away from a case, because it is a relative's or their own."""

    class Relation(models.TextChoices):
        SELF = "self", "本人"
        HOUSEHOLD = "household", "同户或同一电话"
        SPOUSE = "spouse", "配偶"
        LINEAL = "lineal", "直系血亲"
        COLLATERAL = "collateral", "三代以内旁系血亲"
        IN_LAW = "in_law", "近姻亲"
        OTHER = "other", "其他可能影响公正的关系"

    class Found(models.TextChoices):
        DECLARED = "declared", "本人声明"
        ORDERED = "ordered", "负责人或监察决定"
        SYSTEM = "system", "系统比对"

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="recusals", db_index=False
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    relation = models.CharField("关系", max_length=32, choices=Relation)
    found = models.CharField(
        "来由", max_length=16, choices=Found, default=Found.DECLARED, db_default="declared"
    )
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("时间")
    lifted_at = models.DateTimeField("解除时间", null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField("解除理由", max_length=300, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "回避"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "account"],
                condition=Q(lifted_at__isnull=True),
                name="recusal_once",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | (~Q(reason="") & Q(lifted_by__isnull=False)),
                name="recusal_lifted_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} 回避 {self.account_id}"


class KinStatement(models.Model):
    """亲属声明 (登记备案): before an act on such an item, that the applicant is no relative."""

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="kin_statements", db_index=False
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    related = models.BooleanField("有近亲属关系")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "亲属声明"
        constraints = [
            models.UniqueConstraint(fields=["case", "account"], name="kin_statement_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.account_id} {self.related}"


class HandOver(models.Model):
    """交接: somebody has left; what they had in hand, and to whom it went."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField("事由", max_length=100)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "交接"
        indexes = [models.Index(fields=["by", "-id"], name="hand_over_by")]

    def __str__(self) -> str:
        return f"{self.account_id} 离岗"


class HandOverLine(models.Model):
    """交接清单: one step; without `to` it went back to the office."""

    hand_over = models.ForeignKey(
        HandOver, on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    step = models.ForeignKey(CaseStep, on_delete=models.CASCADE, related_name="+", db_index=False)
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = "交接清单"
        constraints = [
            models.UniqueConstraint(fields=["hand_over", "step"], name="hand_over_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.hand_over_id} {self.step_id}"
