"""CaseMaterial (办件材料): each material the item asks for, and by what it was answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.cases.models.case import Case
from backend.files.models import StoredFile


class CaseMaterial(models.Model):
    """办件材料: one line of the ledger. A registry's is never asked for (716号令 §9)."""

    class By(models.TextChoices):
        REGISTRY = "registry", "数据核验"
        LICENCE = "licence", "电子证照"
        EARLIER = "earlier", "历史材料"
        COMMITMENT = "commitment", "告知承诺"
        DEFERRED = "deferred", "容缺后补"
        UPLOAD = "upload", "上传"
        FORM = "form", "在线填写生成"
        ONSITE = "onsite", "现场核验"
        PAPER = "paper", "窗口收取纸质"

    class State(models.TextChoices):
        WANTED = "wanted", "待提交"
        GIVEN = "given", "已提交"
        VERIFIED = "verified", "已核实"
        DEFECTIVE = "defective", "需补正"
        OVERDUE = "overdue", "容缺逾期"

    class Verification(models.TextChoices):
        """核验: what became of asking a registry, or of a promise that is to be looked into."""

        PENDING = "pending", "待系统核验"
        MATCHED = "matched", "核验一致"
        DIFFERENT = "different", "核验不一致, 请人工核实"
        MANUAL = "manual", "转人工核验"
        AFTERWARDS = "afterwards", "待事后核查"

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="materials", db_index=False
    )
    key = models.CharField("材料", max_length=32)
    name = models.CharField("名称", max_length=64)
    required = models.BooleanField("必要")
    resolved_by = models.CharField("来自", max_length=16, choices=By, blank=True)
    state = models.CharField("状态", max_length=16, choices=State, default=State.WANTED)
    due_on = models.DateField("补交期限", null=True, blank=True)
    reference = models.JSONField("凭据", default=dict, blank=True)
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    earlier = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verification = models.CharField(
        "核验", max_length=16, choices=Verification, blank=True, default="", db_default=""
    )
    checks = models.PositiveSmallIntegerField("核验次数", default=0, db_default=0)
    check_at = models.DateTimeField(
        "下次核验", null=True, blank=True, help_text="空为尽快; 正在查的也不早于此时再查"
    )
    updated_at = models.DateTimeField("更新时间")
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = "办件材料"
        constraints = [
            models.UniqueConstraint(fields=["case", "key"], name="material_once_a_case"),
            models.CheckConstraint(
                condition=~Q(resolved_by="deferred")
                | Q(due_on__isnull=False)
                | Q(state__in=["given", "verified"]),
                name="material_deferred_has_a_due_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["given", "verified"]) | ~Q(resolved_by=""),
                name="material_given_by_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                name="material_deferred_due",
                condition=Q(resolved_by="deferred", state="wanted"),
            ),
            models.Index(
                fields=["due_on", "id"],
                name="material_deferred_overdue",
                condition=Q(resolved_by="deferred", state="overdue"),
            ),
            models.Index(
                fields=["id"], name="material_to_check", condition=Q(verification="pending")
            ),
            models.Index(
                fields=["id"],
                name="material_in_doubt",
                condition=Q(
                    verification__in=["different", "manual"],
                    state="given",
                    resolved_by__in=["registry", "licence"],
                ),
            ),
            models.Index(
                fields=["id"], name="material_check_later", condition=Q(verification="afterwards")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.key} {self.state}"


class Replacement(models.Model):
    """材料更替: what stood on a line of the ledger before something else was handed in."""

    material = models.ForeignKey(
        CaseMaterial, on_delete=models.CASCADE, related_name="replacements", db_index=False
    )
    resolved_by = models.CharField("原来自", max_length=16, choices=CaseMaterial.By)
    state = models.CharField("原状态", max_length=16, choices=CaseMaterial.State)
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    replaced_at = models.DateTimeField("更替时间")
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = "材料更替"
        indexes = [models.Index(fields=["material", "id"], name="replacement_of_material")]

    def __str__(self) -> str:
        return f"{self.material_id} {self.resolved_by} {self.state}"
