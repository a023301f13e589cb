"""Paper (文书): one numbered, signed PDF; ordered with an act, typeset after it."""

import uuid

from django.db import models
from django.db.models import Q

from backend.core import crypto
from backend.documents.kinds import KINDS


class PaperCounter(models.Model):
    """文书流水: one row an office and year; its lock makes the numbers whole, without a gap."""

    office = models.CharField("出具单位代码", max_length=32, db_collation="C")
    year = models.PositiveSmallIntegerField("年份")
    value = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = "文书流水"
        constraints = [
            models.UniqueConstraint(fields=["office", "year"], name="paper_counter_yearly")
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.year}"


class Paper(models.Model):
    """文书. What it says is fixed when it is ordered; the number comes with the printing."""

    class State(models.TextChoices):
        ORDERED = "ordered", "待出具"
        ISSUED = "issued", "已出具"

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    kind = models.CharField(
        "种类", max_length=24, choices=[(kind.key, kind.title) for kind in KINDS.values()]
    )
    state = models.CharField("状态", max_length=16, choices=State, default=State.ORDERED)
    subject = models.CharField("所属", max_length=40, db_collation="C", help_text="如办事编号")
    purpose = models.CharField("缘由", max_length=48, db_collation="C", help_text="所属之内一次")
    office = models.CharField("出具单位代码", max_length=32, db_collation="C")
    office_name = models.CharField("出具单位", max_length=64)
    sealed_content = models.BinaryField("内容")
    large = models.BooleanField("大字版", default=False)
    made_at = models.DateTimeField("所载行为的时间")
    attempts = models.PositiveSmallIntegerField("出具次数", default=0)
    next_at = models.DateTimeField("下次出具")
    year = models.PositiveSmallIntegerField("年份", null=True, blank=True)
    serial = models.PositiveIntegerField("序号", null=True, blank=True)
    number = models.CharField("文书编号", max_length=48, blank=True, db_collation="C")
    sha256 = models.BinaryField("文件摘要", max_length=32, null=True, blank=True)
    key_number = models.PositiveSmallIntegerField("签名密钥", null=True, blank=True)
    storage_key = models.CharField("存放处", max_length=128, blank=True)
    size = models.PositiveIntegerField("字节数", null=True, blank=True)
    pages = models.PositiveSmallIntegerField("页数", null=True, blank=True)
    issued_at = models.DateTimeField("出具时间", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoked_why = models.CharField("撤销原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "文书"
        constraints = [
            models.UniqueConstraint(fields=["subject", "purpose"], name="paper_ordered_once"),
            models.UniqueConstraint(
                fields=["office", "year", "serial"],
                condition=Q(serial__isnull=False),
                name="paper_numbered_once",
            ),
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="paper_number_once"
            ),
            models.CheckConstraint(
                condition=Q(state="ordered", number="", serial__isnull=True)
                | Q(state="issued", sha256__isnull=False, issued_at__isnull=False)
                & ~Q(number="")
                & ~Q(storage_key=""),
                name="paper_issued_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], name="paper_due", condition=Q(state="ordered")),
            models.Index(
                fields=["sha256"], name="paper_by_digest", condition=Q(sha256__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.uid}"

    @property
    def code(self) -> str:
        return short_code(self.number)

    @property
    def content_context(self) -> str:
        return f"documents.content.{self.uid}"

    @property
    def file_context(self) -> str:
        return f"documents.file.{self.uid}"


_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read for another (0 O 1 I)


def short_code(number: str) -> str:
    """验证码: eight characters nobody guesses who has not seen the paper; 40 bits, keyed."""
    drawn = int.from_bytes(crypto.digest(number, index="paper_code")[:5], "big")
    return "".join(_ALPHABET[drawn >> shift & 31] for shift in range(35, -1, -5))
