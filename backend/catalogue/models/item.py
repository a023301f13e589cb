"""ServiceItem (事项) and its published, never-changing versions; where each is open."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from backend.catalogue.lifecycle import ItemStatus
from backend.core import workdays


class ServiceItem(models.Model):
    """事项: what a resident asks for. What it demands stands in its versions."""

    class Kind(models.TextChoices):
        INSTANT = "instant", "即办件"
        PROMISED = "promised", "承诺件"

    Status = ItemStatus

    code = models.CharField("事项编码", max_length=31, unique=True, db_collation="C")
    name = models.CharField("事项名称", max_length=128)
    theme = models.CharField("主题", max_length=32)
    department_code = models.CharField("责任部门", max_length=16)
    kind = models.CharField("办件类型", max_length=16, choices=Kind)
    level = models.CharField("行使层级", max_length=16)
    audience = ArrayField(models.CharField(max_length=16), verbose_name="人群", default=list)
    aliases = ArrayField(models.CharField(max_length=64), verbose_name="俗名", default=list)
    search_text = models.TextField("检索词", help_text="名称、俗名、全拼、首字母")
    status = models.CharField("状态", max_length=16, choices=ItemStatus, default=ItemStatus.DRAFT)

    class Meta:
        verbose_name = "事项"
        indexes = [
            models.Index(fields=["theme", "code"], name="item_by_theme"),
            GinIndex(fields=["audience"], name="item_by_audience"),
            GinIndex(fields=["search_text"], name="item_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceVersion(models.Model):
    """事项版本: what the city promised on the day it was published; frozen from then on."""

    class DayKind(models.TextChoices):
        WORKING = "working", "工作日"
        CALENDAR = "calendar", "自然日"

    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本号")
    form = models.JSONField("表单", default=list)
    materials = models.JSONField("材料", default=list)
    steps = models.JSONField("流程", default=list)
    guide = models.JSONField("指南", default=dict, help_text="条件、结果、收费、公示、依据等")
    legal_days = models.PositiveSmallIntegerField("法定时限")
    promised_days = models.PositiveSmallIntegerField("承诺时限")
    day_kind = models.CharField("计日口径", max_length=16, choices=DayKind)
    authority = models.CharField("属地规则", max_length=16, help_text="residence|hukou|place|any")
    realname_level = models.PositiveSmallIntegerField("实名级别", default=2)
    online = models.BooleanField("可网办", default=True)
    digest = models.BinaryField("内容摘要", max_length=32)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = "事项版本"
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="version_once"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
                name="version_one_published",
            ),
            models.CheckConstraint(
                condition=Q(promised_days__lte=models.F("legal_days")),
                name="version_promise_within_law",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} 第{self.number}版"

    @property
    def days(self) -> workdays.DayKind:
        return "calendar" if self.day_kind == self.DayKind.CALENDAR else "working"

    @property
    def workflow(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.steps
        return steps
