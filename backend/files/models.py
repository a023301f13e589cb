"""StoredFile (电子文件) and Upload (上传): bytes people hand in, kept only once they are clean."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class StoredFile(models.Model):
    """电子文件: re-encoded or checked content under a name nobody can guess, with its digest."""

    class State(models.TextChoices):
        QUARANTINED = "quarantined", "待查毒"
        CLEAN = "clean", "可用"
        REFUSED = "refused", "已拒绝"
        GONE = "gone", "已清除"

    class Media(models.TextChoices):
        JPEG = "image/jpeg", "JPEG 图片"
        PNG = "image/png", "PNG 图片"
        PDF = "application/pdf", "PDF 文件"

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    media_type = models.CharField("类型", max_length=32, choices=Media)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.BinaryField("摘要", max_length=32)
    received_sha256 = models.BinaryField("收到时的摘要", max_length=32)
    pages = models.PositiveSmallIntegerField("页数", default=1)
    width = models.PositiveIntegerField("宽", null=True, blank=True)
    height = models.PositiveIntegerField("高", null=True, blank=True)
    state = models.CharField("状态", max_length=16, choices=State, default=State.QUARANTINED)
    storage_key = models.CharField("存放处", max_length=128, unique=True)
    created_at = models.DateTimeField("收到时间")
    scanned_at = models.DateTimeField("查毒时间", null=True, blank=True)
    scans = models.PositiveSmallIntegerField("查毒次数", default=0)
    finding = models.CharField("查毒结果", max_length=64, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "电子文件"
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="file_of_owner"),
            models.Index(fields=["id"], name="file_to_scan", condition=Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return f"文件 {self.uid} {self.state}"

    @property
    def context(self) -> str:
        """What its sealed bytes are bound to."""
        return f"files.storedfile.{self.uid}"


class Upload(models.Model):
    """上传: a file on its way, in parts; what has arrived stays, whatever the network does."""

    class State(models.TextChoices):
        OPEN = "open", "接收中"
        DONE = "done", "已收齐"
        REFUSED = "refused", "已拒绝"
        EXPIRED = "expired", "已过期"

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    media_type = models.CharField("声明的类型", max_length=32)
    extension = models.CharField("声明的扩展名", max_length=8)
    size = models.PositiveIntegerField("声明的字节数")
    received = models.PositiveIntegerField("已收字节数", default=0)
    sha256 = models.BinaryField("声明的摘要", max_length=32)
    state = models.CharField("状态", max_length=16, choices=State, default=State.OPEN)
    refusal = models.CharField("拒绝原因", max_length=32, blank=True)
    file = models.OneToOneField(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="upload"
    )
    created_at = models.DateTimeField("开始时间")
    expires_at = models.DateTimeField("过期时间")
    checking_until = models.DateTimeField("检查租约", null=True, blank=True)

    class Meta:
        verbose_name = "上传"
        constraints = [
            models.CheckConstraint(
                condition=Q(received__lte=F("size")), name="upload_within_its_size"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(file__isnull=False), name="upload_done_has_a_file"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="upload_of_owner"),
            models.Index(fields=["expires_at"], name="upload_open", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"上传 {self.uid} {self.state}"


class UploadPart(models.Model):
    """分片: bytes of an upload that are stored; acknowledged only when this row stands."""

    upload = models.ForeignKey(
        Upload, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    offset = models.PositiveIntegerField("起点")
    size = models.PositiveIntegerField("字节数")
    digest = models.BinaryField("摘要", max_length=32)
    storage_key = models.CharField("存放处", max_length=128, unique=True)

    class Meta:
        verbose_name = "分片"
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset"], name="part_once_an_offset")
        ]

    def __str__(self) -> str:
        return f"分片 {self.upload_id} {self.offset}"

    @staticmethod
    def context_of(upload: uuid.UUID, offset: int) -> str:
        """Return what its sealed bytes are bound to."""
        return f"files.uploadpart.{upload}.{offset}"
