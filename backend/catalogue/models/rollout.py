"""Rollout (开通): where an item is open, and RolloutChange: how it came to be so."""

from django.conf import settings
from django.db import models

from backend.catalogue.models.item import ServiceItem
from backend.organisation.models import Division


class Capability(models.TextChoices):
    ONLINE = "online", "网上办理"
    BOOKING = "booking", "预约"
    PROXY = "proxy", "代办"


class Stage(models.TextChoices):
    OFF = "off", "关闭"
    PILOT = "pilot", "试点"
    LIVE = "live", "开通"


class Rollout(models.Model):
    """开通: an item (or all) in a division and below; the nearest entry up the tree counts."""

    Stage = Stage

    item = models.ForeignKey(ServiceItem, null=True, blank=True, on_delete=models.CASCADE)
    division = models.ForeignKey(Division, on_delete=models.PROTECT)
    capability = models.CharField(
        "能力", max_length=16, choices=Capability, default=Capability.ONLINE
    )
    stage = models.CharField("阶段", max_length=16, choices=Stage)

    class Meta:
        verbose_name = "开通"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "division", "capability"],
                name="rollout_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.item or '全部事项'} {self.division} {self.get_stage_display()}"


class RolloutChange(models.Model):
    """开通痕迹: one change of an entry, by whom and why; rows only grow."""

    item = models.ForeignKey(
        ServiceItem, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    division = models.ForeignKey(
        Division, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    capability = models.CharField("能力", max_length=16, choices=Capability)
    before = models.CharField("原有", max_length=16, blank=True, help_text="空: 原来没有自己的设定")
    after = models.CharField("改为", max_length=16, blank=True, help_text="空: 改为随上级")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField("时间")
    reason = models.CharField("理由", max_length=300)

    class Meta:
        verbose_name = "开通痕迹"
        indexes = [models.Index(fields=["item", "-id"], name="rollout_change_of_item")]

    def __str__(self) -> str:
        return f"{self.division_id} {self.capability} {self.before} → {self.after}"
