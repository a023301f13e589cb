"""LocalParam (本地参数): what a division sets of an item, over the city's standard."""

from django.conf import settings
from django.db import models
from django.db.models import F

from backend.catalogue.models.item import ServiceItem
from backend.organisation.models import Division


class LocalParam(models.Model):
    """本地参数: a value from a day on. Rows only grow; of those in force the last one counts."""

    item = models.ForeignKey(
        ServiceItem, on_delete=models.PROTECT, related_name="local_params", db_index=False
    )
    division = models.ForeignKey(
        Division, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    key = models.CharField("参数", max_length=24)
    value = models.JSONField("数值", null=True, help_text="空: 自该日起恢复上级或标准的数值")
    valid_from = models.DateField("生效日")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField("设定时间")
    reason = models.CharField("理由", max_length=300)

    class Meta:
        verbose_name = "本地参数"
        indexes = [
            models.Index(
                "item", "key", "division", F("valid_from").desc(), F("id").desc(), name="param_last"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.key} {self.division_id} {self.valid_from}"
