"""CatalogueEvent (目录痕迹): who did what to the catalogue; the database lets it only grow."""

from django.conf import settings
from django.db import models

from backend.catalogue.models.item import ServiceItem


class CatalogueEvent(models.Model):
    class Subject(models.TextChoices):
        ADMISSION = "admission", "准入"
        EXIT = "exit", "退出"
        DRAFT = "draft", "草稿"
        ITEM = "item", "事项"
        REFUSAL = "refusal", "拒办"

    subject = models.CharField("对象", max_length=16, choices=Subject)
    key = models.CharField("对象编号", max_length=40, db_collation="C")
    item = models.ForeignKey(
        ServiceItem, null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    verb = models.CharField("动作", max_length=24)
    status = models.CharField("其后状态", max_length=16)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    office = models.CharField("部门", max_length=64)
    at = models.DateTimeField("时间")
    details = models.JSONField("详情", default=dict)
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "目录痕迹"
        indexes = [models.Index(fields=["subject", "key", "id"], name="trail_of_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.key} {self.verb}"
