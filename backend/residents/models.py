"""Resident (居民): a person, who may have no account; what is known of them, and from where."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.core import crypto
from backend.organisation.models import Division
from backend.residents import identity


class Resident(models.Model):
    """居民. Name, identity number and phone are sealed; equal ones are found by blind index."""

    class IdType(models.TextChoices):
        ID_CARD = identity.ID_CARD, "居民身份证"
        HMT_PERMIT = identity.HMT_PERMIT, "港澳台居民居住证"
        FOREIGN_PERMANENT = identity.FOREIGN_PERMANENT, "外国人永久居留身份证"
        HOUSEHOLD_BOOK = identity.HOUSEHOLD_BOOK, "户口簿(未办身份证儿童)"

    class Gender(models.TextChoices):
        MALE = "male", "男"
        FEMALE = "female", "女"
        UNKNOWN = "unknown", "未知"

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="resident",
    )
    sealed_name = models.BinaryField("姓名", null=True)
    name_digest = models.BinaryField("姓名索引", null=True, max_length=32)
    id_type = models.CharField("证件类型", max_length=24, choices=IdType, blank=True)
    sealed_id_number = models.BinaryField("证件号码", null=True)
    id_digest = models.BinaryField("证件索引", null=True, max_length=32)
    id_last4_digest = models.BinaryField("证件后四位索引", null=True, max_length=32)
    sealed_phone = models.BinaryField("电话", null=True)
    phone_digest = models.BinaryField("电话索引", null=True, max_length=32)
    phone_verified_at = models.DateTimeField("电话核验时间", null=True, blank=True)
    birth_on = models.DateField("出生日期", null=True, blank=True)
    gender = models.CharField("性别", max_length=8, choices=Gender, default=Gender.UNKNOWN)
    hukou_division = models.ForeignKey(
        Division, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    residence_division = models.ForeignKey(
        Division, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    realname_level = models.PositiveSmallIntegerField(
        "实名级别", default=0, help_text="0 访客 1 手机 2 实名 3 人脸或现场 (领域说明 §2.16)"
    )
    deceased_on = models.DateField("死亡日期", null=True, blank=True)
    personalised = models.BooleanField("接受个性化提醒", default=True)
    elder = models.BooleanField("长辈版", default=False)
    created_at = models.DateTimeField("建档时间", auto_now_add=True)

    class Meta:
        verbose_name = "居民"
        constraints = [
            models.UniqueConstraint(
                fields=["id_type", "id_digest"],
                condition=Q(id_digest__isnull=False),
                name="resident_identity_once",
            ),
            models.CheckConstraint(
                condition=Q(realname_level__lt=2) | Q(id_digest__isnull=False),
                name="resident_realname_needs_identity",
            ),
        ]
        indexes = [
            models.Index(fields=["name_digest"], name="resident_by_name"),
            models.Index(fields=["phone_digest"], name="resident_by_phone"),
            models.Index(fields=["birth_on", "id"], name="resident_by_birth"),
        ]

    def __str__(self) -> str:
        return f"居民 #{self.pk}"

    def _context(self, column: str) -> str:
        return self.context(self.uid, column)

    @staticmethod
    def context(uid: uuid.UUID, column: str) -> str:
        return f"residents.{column}.{uid}"

    @property
    def name(self) -> str:
        return self._open("name", self.sealed_name)

    @property
    def id_number(self) -> str:
        return self._open("id_number", self.sealed_id_number)

    @property
    def phone(self) -> str:
        return self._open("phone", self.sealed_phone)

    def _open(self, column: str, blob: bytes | memoryview | None) -> str:
        return "" if blob is None else crypto.unseal(blob, context=self._context(column))

    def set_name(self, name: str) -> None:
        self.sealed_name = crypto.seal(name, context=self._context("name"))
        self.name_digest = crypto.digest(name, index="name")

    def set_identity(self, id_type: str, id_number: str) -> None:
        self.id_type = id_type
        self.sealed_id_number = crypto.seal(id_number, context=self._context("id_number"))
        self.id_digest = crypto.digest(id_number, index="id_number")
        self.id_last4_digest = crypto.digest(id_number[-4:], index="id_last4")

    def set_phone(self, phone: str) -> None:
        self.sealed_phone = crypto.seal(phone, context=self._context("phone"))
        self.phone_digest = crypto.digest(phone, index="phone")


class AttributeFact(models.Model):
    """字段事实: one value of one field of one person, its source and when it was verified."""

    resident = models.ForeignKey(Resident, on_delete=models.CASCADE, related_name="facts")
    field = models.CharField("字段", max_length=48, help_text="如 population.hukou_division")
    sealed_value = models.BinaryField("值")
    source = models.CharField("来源", max_length=32)
    verified_at = models.DateTimeField("核实时间")

    class Meta:
        verbose_name = "字段事实"
        constraints = [
            models.UniqueConstraint(fields=["resident", "field"], name="fact_once_a_field")
        ]

    def __str__(self) -> str:
        return f"{self.field} #{self.resident_id}"

    @staticmethod
    def context(resident_id: int, field: str) -> str:
        return f"residents.fact.{resident_id}.{field}"

    @property
    def value(self) -> object:
        return crypto.unseal_json(
            self.sealed_value, context=self.context(self.resident_id, self.field)
        )


class StatusRecord(models.Model):
    """公共管理状态: such as a disability card and the day it ends; reminders hang on it."""

    resident = models.ForeignKey(Resident, on_delete=models.CASCADE, related_name="statuses")
    kind = models.CharField("类别", max_length=32)
    value = models.JSONField("内容", default=dict)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)
    source = models.CharField("来源", max_length=32)
    recorded_at = models.DateTimeField("登记时间", auto_now_add=True)

    class Meta:
        verbose_name = "状态记录"
        indexes = [
            models.Index(fields=["kind", "valid_to", "id"], name="status_ending"),
            models.Index(fields=["resident", "kind"], name="status_of_resident"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.resident_id}"
