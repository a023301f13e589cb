"""Admission and Exit (准入、退出): how work comes to the communities, and how it leaves."""

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from backend.catalogue.lifecycle import RUNNING, ProcedureStatus
from backend.catalogue.models.item import ServiceItem
from backend.organisation.models import Department, Division


class Procedure(models.Model):
    """程序: proposed by an office, vetted by civil affairs, decided by the joint meeting."""

    Status = ProcedureStatus

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    office = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", verbose_name="提出部门"
    )
    status = models.CharField(
        "状态", max_length=16, choices=ProcedureStatus, default=ProcedureStatus.VETTING
    )
    legal_basis = models.TextField("依据")
    reason = models.TextField("理由")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField("提出时间")
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        abstract = True


class Admission(Procedure):
    """准入: what a department asks of communities, and what it offers (权随责走、费随事转)."""

    item = models.OneToOneField(
        ServiceItem, null=True, blank=True, on_delete=models.PROTECT, related_name="admission"
    )
    code = models.CharField("拟用编码", max_length=31, db_collation="C")
    name = models.CharField("事项名称", max_length=128)
    theme = models.CharField("主题", max_length=32)
    level = models.CharField("行使层级", max_length=16)
    department_code = models.CharField("责任部门", max_length=16)
    monthly_cases = models.PositiveIntegerField("每月件数", validators=[MinValueValidator(1)])
    minutes_each = models.PositiveSmallIntegerField("每件用时(分钟)")
    yearly_funding = models.DecimalField("每年经费(元)", max_digits=14, decimal_places=2, default=0)
    staff_offered = models.DecimalField("随事项配备人员", max_digits=6, decimal_places=1, default=0)
    offer_note = models.TextField("经费与人员说明", blank=True)

    class Meta:
        verbose_name = "准入申请"
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(status__in=sorted(RUNNING)),
                name="admission_one_running_a_code",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(item__isnull=False),
                name="admission_approved_has_its_item",
            ),
            models.CheckConstraint(
                condition=Q(yearly_funding__gt=0) | Q(staff_offered__gt=0),
                name="admission_offers_funds_or_staff",
            ),
        ]

    def __str__(self) -> str:
        return f"准入 {self.name}"


class Exit(Procedure):
    """退出: an item leaves; what runs finishes on its version."""

    class Ground(models.TextChoices):
        RARE = "rare", "长期低频"
        ONLINE = "online", "已全程网办"
        REPEALED = "repealed", "依据废止"

    item = models.ForeignKey(ServiceItem, on_delete=models.PROTECT, related_name="exits")
    ground = models.CharField("事由", max_length=16, choices=Ground)

    class Meta:
        verbose_name = "退出申请"
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(status__in=sorted(RUNNING)),
                name="exit_one_running_an_item",
            )
        ]

    def __str__(self) -> str:
        return f"退出 {self.item}"


class ProcedureStage(models.Model):
    """程序阶段: one office's turn on a procedure, with its last day, who ended it, and how."""

    class Name(models.TextChoices):
        VETTING = "vetting", "民政审查"
        MEETING = "meeting", "联席会议"

    admission = models.ForeignKey(
        Admission, null=True, blank=True, on_delete=models.CASCADE, related_name="stages"
    )
    exit = models.ForeignKey(
        Exit, null=True, blank=True, on_delete=models.CASCADE, related_name="stages"
    )
    name = models.CharField("阶段", max_length=16, choices=Name)
    opened_at = models.DateTimeField("到达时间")
    due_on = models.DateField("最后一日")
    alerted = models.BooleanField("已提醒超期", default=False)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField("结果", max_length=16, blank=True)
    opinion = models.TextField("意见", blank=True)
    minutes = models.CharField("会议纪要号", max_length=64, blank=True)

    class Meta:
        verbose_name = "程序阶段"
        constraints = [
            models.CheckConstraint(
                condition=Q(admission__isnull=True) ^ Q(exit__isnull=True),
                name="stage_of_one_procedure",
            ),
            models.UniqueConstraint(
                fields=["admission"],
                condition=Q(done_at__isnull=True, admission__isnull=False),
                name="stage_one_open_an_admission",
            ),
            models.UniqueConstraint(
                fields=["exit"],
                condition=Q(done_at__isnull=True, exit__isnull=False),
                name="stage_one_open_an_exit",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on"],
                name="stage_to_alert",
                condition=Q(done_at__isnull=True, alerted=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} {self.due_on}"


class Refusal(models.Model):
    """拒办: a community was asked for work that is not admitted, and said no, on the record."""

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    division = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    asked_by = models.CharField("交办单位", max_length=64)
    work = models.TextField("交办的工作")
    evidence = models.TextField("凭据", help_text="文号、通知、聊天记录的时间等")
    asked_on = models.DateField("交办日")
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    refused_at = models.DateTimeField("拒办时间")
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seen_at = models.DateTimeField("民政处理时间", null=True, blank=True)
    finding = models.TextField("民政意见", blank=True)

    class Meta:
        verbose_name = "拒办"
        indexes = [models.Index(fields=["office", "-id"], name="refusal_of_office")]

    def __str__(self) -> str:
        return f"拒办 {self.asked_by}"
