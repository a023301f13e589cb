"""ClockStop (停表) and Extension (延期): what moves a case's last days, each with its reason."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backend.cases.models.case import Case


class ClockStop(models.Model):
    """停表: days that do not count, from the first to the day before it went on."""

    class Kind(models.TextChoices):
        SUPPLEMENT = "supplement", "补充材料"
        SPECIAL = "special", "特别程序"
        STEP = "step", "不计时环节"

    class Reason(models.TextChoices):
        """行政许可法 §45: what takes its own time, and is not the office's."""

        HEARING = "hearing", "听证"
        BIDDING = "bidding", "招标"
        AUCTION = "auction", "拍卖"
        INSPECTION = "inspection", "检验"
        TESTING = "testing", "检测"
        QUARANTINE = "quarantine", "检疫"
        APPRAISAL = "appraisal", "鉴定"
        EXPERTS = "experts", "专家评审"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="stops", db_index=False)
    kind = models.CharField("类别", max_length=16, choices=Kind)
    reason = models.CharField("事由", max_length=16, choices=Reason, blank=True)
    step = models.CharField("环节", max_length=32, blank=True)
    note = models.TextField("说明", blank=True)
    expected_days = models.PositiveSmallIntegerField("预计天数", null=True, blank=True)
    began_on = models.DateField("停表日", help_text="当日起不计")
    ended_on = models.DateField("恢复日", null=True, blank=True, help_text="当日起再计")
    overlong_told = models.BooleanField("已提示超过预计", db_default=False, default=False)

    class Meta:
        verbose_name = "停表"
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_on__isnull=True), name="stop_one_open_a_case"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("began_on")),
                name="stop_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=~Q(kind="special") | (~Q(reason="") & Q(expected_days__isnull=False)),
                name="stop_special_says_why_and_how_long",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "began_on"], name="stop_of_case"),
            models.Index(
                fields=["began_on", "id"],
                name="stop_special_open",
                condition=Q(kind="special", ended_on__isnull=True, overlong_told=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} {self.began_on}"


class Extension(models.Model):
    """延期: asked for by who handles the case, approved by the office's head."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        APPROVED = "approved", "已批准"
        REFUSED = "refused", "未批准"
        CANCELLED = "cancelled", "已取消"

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="extensions", db_index=False
    )
    step = models.CharField("环节", max_length=32, blank=True, db_default="")
    days = models.PositiveSmallIntegerField("天数")
    reason = models.TextField("理由")
    state = models.CharField("状态", max_length=16, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField("批复时间", null=True, blank=True)
    note = models.TextField("批复意见", blank=True)

    class Meta:
        verbose_name = "延期"
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="asked"), name="extension_one_asked_a_case"
            ),
            models.CheckConstraint(condition=Q(days__gt=0), name="extension_is_longer"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "cancelled"]) | Q(decided_by__isnull=False),
                name="extension_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="extension_of_case"),
            models.Index(
                fields=["asked_at", "id"], name="extension_asked", condition=Q(state="asked")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} +{self.days} {self.state}"


class Recount(models.Model):
    """日历重算: one edition of the calendar, and how far running cases are reckoned anew."""

    digest = models.BinaryField("日历摘要", max_length=32)
    began_at = models.DateTimeField("开始时间")
    reached = models.BigIntegerField("算到", db_default=0, default=0)
    ended_at = models.DateTimeField("完成时间", null=True, blank=True)
    passes = models.PositiveSmallIntegerField("遍数", db_default=0, default=0)
    changed = models.PositiveIntegerField("改动件数", db_default=0, default=0)

    class Meta:
        verbose_name = "日历重算"

    def __str__(self) -> str:
        return f"{self.began_at} {self.changed}"
