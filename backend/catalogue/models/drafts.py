"""VersionDraft and SignOff (草稿、签认): a version before it is one, and who answers for it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from backend.catalogue.lifecycle import DraftState
from backend.catalogue.models.item import ServiceItem, ServiceVersion
from backend.organisation.models import Department


class VersionDraft(models.Model):
    """草稿: the definition of an item's next version, while people still write it."""

    State = DraftState

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="drafts")
    definition = models.JSONField("事项定义", default=dict)
    revision = models.PositiveIntegerField("修订号", default=1)
    state = models.CharField("状态", max_length=16, choices=DraftState, default=DraftState.EDITING)
    editors = ArrayField(models.BigIntegerField(), verbose_name="编辑人", default=list)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    edited_at = models.DateTimeField("最后编辑")
    version = models.OneToOneField(
        ServiceVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="draft"
    )

    class Meta:
        verbose_name = "事项草稿"
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(state__in=["editing", "trial"]),
                name="draft_one_open_an_item",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["trial", "published"]) | Q(version__isnull=False),
                name="draft_in_force_has_its_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} 草稿 {self.revision}"


class SignOff(models.Model):
    """签认: the responsible department confirms one content, by name, digest and signature."""

    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="sign_offs")
    draft = models.ForeignKey(
        VersionDraft, null=True, blank=True, on_delete=models.PROTECT, related_name="sign_offs"
    )
    revision = models.PositiveIntegerField("修订号", default=0)
    founding = models.BooleanField("首批清单", default=False, help_text="随首批事项清单一并确认")
    whole_digest = models.BinaryField("事项定义摘要", max_length=32)
    version_digest = models.BinaryField("版本内容摘要", max_length=32)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField("签认时间")
    signature = models.BinaryField("签名", max_length=96)

    class Meta:
        verbose_name = "签认"
        constraints = [
            models.CheckConstraint(
                condition=Q(founding=True) | Q(draft__isnull=False, office__isnull=False),
                name="sign_off_by_an_office",
            )
        ]
        indexes = [models.Index(fields=["item", "version_digest"], name="sign_off_of_content")]

    def __str__(self) -> str:
        return f"{self.item} 签认 {self.signed_at:%Y-%m-%d}"


class Suspension(models.Model):
    """暂停办理: why an item takes no cases for a while, and until when that is expected."""

    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="suspensions")
    reason = models.TextField("原因")
    began_at = models.DateTimeField("暂停时间")
    expected_on = models.DateField("预计恢复日")
    began_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField("恢复时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "暂停办理"
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(ended_at__isnull=True),
                name="suspension_one_open_an_item",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} 暂停"
