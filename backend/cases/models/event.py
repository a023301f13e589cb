"""CaseEvent (痕迹): what happened to a case, in a chain."""

from django.conf import settings
from django.db import models

from backend.cases.models.case import Case


class CaseEvent(models.Model):
    """痕迹: append-only, each row hashed over the one before it (a trigger refuses change)."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField("序号")
    verb = models.CharField("动作", max_length=24)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("时间")
    status = models.CharField("之后的状态", max_length=16)
    step = models.CharField("环节", max_length=32, blank=True)
    details = models.JSONField("说明", default=dict)
    prev_hash = models.BinaryField("前链", max_length=32)
    hash = models.BinaryField("本链", max_length=32)

    class Meta:
        verbose_name = "办件痕迹"
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="event_in_order")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.seq} {self.verb}"
