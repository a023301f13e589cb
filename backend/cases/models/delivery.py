"""Delivery (送达): how the result reaches the applicant, and the proof that it did."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.cases.models.case import Case
from backend.organisation.models import Department


class Delivery(models.Model):
    """送达: electronic, at a window with a code, by mail, or through the community."""

    class Method(models.TextChoices):
        ELECTRONIC = "electronic", "电子送达"
        WINDOW = "window", "窗口领取"
        MAIL = "mail", "邮寄"
        COMMUNITY = "community", "村(社区)代送"

    class State(models.TextChoices):
        CHOSEN = "chosen", "已选定"
        WAITING = "waiting", "待领取"
        SENT = "sent", "已寄出"
        DONE = "done", "已送达"

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="delivery")
    method = models.CharField("方式", max_length=16, choices=Method)
    state = models.CharField("状态", max_length=16, choices=State, default=State.WAITING)
    place = models.ForeignKey(
        Department,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="在哪里等领取",
    )
    ready_at = models.DateTimeField("待领起", null=True, blank=True)
    reminded = models.BooleanField("已提醒未领", db_default=False, default=False)
    sealed_address = models.BinaryField("收件地址", blank=True, default=b"")
    sealed_pickup_code = models.BinaryField("取件码", blank=True, default=b"")
    pickup_digest = models.BinaryField("取件码摘要", max_length=32, blank=True, default=b"")
    failures = models.PositiveSmallIntegerField("取件码错误次数", default=0)
    mail_number = models.CharField("邮件号", max_length=32, blank=True)
    received_by = models.CharField("领取人", max_length=16, blank=True, help_text="本人或代领")
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    done_at = models.DateTimeField("送达时间", null=True, blank=True)

    class Meta:
        verbose_name = "送达"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False),
                name="delivery_done_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="chosen") | Q(ready_at__isnull=False),
                name="delivery_waits_since",
            ),
            models.CheckConstraint(
                condition=~Q(method="window", state="waiting") | ~Q(pickup_digest=b""),
                name="delivery_window_has_a_code",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ready_at", "id"],
                name="delivery_uncollected",
                condition=Q(state="waiting", reminded=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.method} {self.state}"

    @staticmethod
    def context(case_id: int, what: str) -> str:
        return f"cases.delivery.{case_id}.{what}"
