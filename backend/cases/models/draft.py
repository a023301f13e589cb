"""Draft (草稿) and LookupGuard (查询保护): what stands before and beside a case."""

from typing import Any

from django.conf import settings
from django.db import models

from backend.catalogue.models import ServiceItem
from backend.core import crypto


class Draft(models.Model):
    """草稿: answers on their way, versioned, so that two devices conflict instead of losing."""

    uid = models.UUIDField("编号")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    item = models.ForeignKey(ServiceItem, on_delete=models.CASCADE, related_name="+")
    sealed_answers = models.BinaryField("内容")
    materials = models.JSONField(
        "材料的选择", default=dict, blank=True, db_default={}, help_text="材料 → 怎么交, 文件编号"
    )
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
