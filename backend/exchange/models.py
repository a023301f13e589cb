"""Sharing (共享): what we asked of other departments' registries, why, and what came back."""

from django.conf import settings
from django.db import models


class RegistryQuery(models.Model):
    """
    共享查询记录. Only grows. Whom it was about stands only as a blind index.

    The index is the one of `Resident.id_digest`, so that a resident can be told who asked about
    them (个人信息保护法 §44–45).
    """

    class Registry(models.TextChoices):
        POPULATION = "population", "人口库"
        HOUSEHOLD = "household", "户籍与家庭成员"
        MARRIAGE = "marriage", "婚姻登记"
        BIRTH = "birth", "出生医学证明"
        DISABILITY = "disability", "残疾人库"
        LOWINCOME = "lowincome", "低收入人口"
        CHILD_WELFARE = "child_welfare", "儿童福利"
        PENSION = "pension", "养老保险"
        EMPLOYMENT = "employment", "就业失业"
        MEDICAL = "medical", "医疗保险"
        SOCIALCARD = "socialcard", "社会保障卡"
        LEGAL = "legal", "法人库"
        GEO = "geo", "地理地址库"
        RESIDENCE = "residence", "居住证"
        REALESTATE = "realestate", "不动产"
        VETERAN = "veteran", "退役军人"
        STUDENT = "student", "学籍"
        FUNERAL = "funeral", "死亡与火化"
        LICENCE = "licence", "电子证照库"

    class Outcome(models.TextChoices):
        MATCHED = "matched", "一致"
        DIFFERENT = "different", "不一致"
        FOUND = "found", "查到"
        NOT_FOUND = "not_found", "查无此人"
        UNAVAILABLE = "unavailable", "未能查询"

    registry = models.CharField("登记库", max_length=16, choices=Registry)
    purpose = models.CharField("目的", max_length=64)
    case_number = models.CharField("办事编号", max_length=24, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="查询人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    subject = models.BinaryField("被查询人索引", max_length=32)
    outcome = models.CharField("结果", max_length=16, choices=Outcome)
    at = models.DateTimeField("时间")
    latency_ms = models.PositiveIntegerField("耗时(毫秒)")

    class Meta:
        verbose_name = "共享查询记录"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(purpose=""), name="registry_query_has_a_purpose"
            )
        ]
        indexes = [
            models.Index(fields=["subject", "-at"], name="registry_query_of_subject"),
            models.Index(fields=["registry", "-id"], name="registry_query_of_registry"),
        ]

    def __str__(self) -> str:
        return f"{self.registry} {self.outcome} #{self.pk}"
