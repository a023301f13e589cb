"""VersionMove (换版): what moving running cases to a newer version would change, and did."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.cases.models.case import Case
from backend.catalogue.models import ServiceItem, ServiceVersion


class VersionMove(models.Model):
    """换版: a report over the running cases of an item, and the order to move some or all."""

    class State(models.TextChoices):
        SURVEYING = "surveying", "试算中"
        READY = "ready", "可执行"
        RUNNING = "running", "执行中"

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        ServiceVersion, on_delete=models.PROTECT, related_name="+", verbose_name="换到"
    )
    state = models.CharField("状态", max_length=16, choices=State, default=State.SURVEYING)
    surveyed_to = models.BigIntegerField("试算到", default=0)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    run_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    office = models.CharField("部门", max_length=64)
    reason = models.CharField("理由", max_length=300)
    asked_at = models.DateTimeField("提出时间")
    counts = models.JSONField("试算结果", default=dict)

    class Meta:
        verbose_name = "换版"
        indexes = [
            models.Index(
                fields=["id"],
                name="version_move_at_work",
                condition=Q(state__in=["surveying", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} 换到第{self.version.number}版"


class MovedCase(models.Model):
    """换版办件: one case of the report; then what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "未执行"
        CHOSEN = "chosen", "待执行"
        MOVED = "moved", "已换版"
        SKIPPED = "skipped", "未换版"

    move = models.ForeignKey(
        VersionMove, on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="version_moves", db_index=False
    )
    before = models.ForeignKey(
        ServiceVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    events = models.PositiveIntegerField("试算时的痕迹数")
    can = models.BooleanField("能换")
    blocks = models.JSONField("不能换的原因", default=list)
    changes = models.JSONField("变化", default=dict)
    state = models.CharField("结果", max_length=16, choices=State, default=State.WAITING)
    why = models.CharField("未换原因", max_length=100, blank=True)
    done_at = models.DateTimeField("执行时间", null=True, blank=True)

    class Meta:
        verbose_name = "换版办件"
        constraints = [
            models.UniqueConstraint(fields=["move", "case"], name="moved_case_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["chosen", "moved"]) | Q(can=True),
                name="moved_case_could_be",
            ),
        ]
        indexes = [
            models.Index(fields=["move", "id"], name="moved_case_of_move"),
            models.Index(
                fields=["move", "id"], name="moved_case_chosen", condition=Q(state="chosen")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"
