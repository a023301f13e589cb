"""Organisation (组织): divisions and custody, departments, posts, and the working-day calendar."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Division(models.Model):
    """区划: one node of the statistical tree (12 digits), or a functional zone beside it."""

    class Level(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "市"
        COUNTY = "county", "县(区)"
        ZONE = "zone", "功能区"
        TOWN = "town", "乡镇(街道)"
        VILLAGE = "village", "村(社区)"

    code = models.CharField("区划代码", max_length=12, db_collation="C")
    name = models.CharField("名称", max_length=64)
    short_name = models.CharField("简称", max_length=64)
    full_name = models.CharField("显示名", max_length=128, help_text="同名时带上级名")
    level = models.CharField("级别", max_length=16, choices=Level)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    county_code = models.CharField(max_length=12, blank=True, db_collation="C")
    town_code = models.CharField(max_length=12, blank=True, db_collation="C")
    valid_from = models.DateField("启用日")
    valid_to = models.DateField("停用日", null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )

    class Meta:
        verbose_name = "区划"
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to__isnull=True), name="division_code_current"
            ),
        ]
        indexes = [models.Index(fields=["parent", "code"], name="division_children")]

    def __str__(self) -> str:
        return self.full_name


class Custody(models.Model):
    """托管: from a day on, a functional zone acts for a village or town; the tree stays."""

    node = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="custodies")
    authority = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)
    evidence = models.CharField("依据", max_length=128, blank=True)

    class Meta:
        verbose_name = "托管"
        constraints = [
            models.UniqueConstraint(
                fields=["node"], condition=Q(valid_to__isnull=True), name="custody_one_current"
            ),
            models.CheckConstraint(condition=~Q(node=F("authority")), name="custody_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.node} 由 {self.authority} 托管"


class Department(models.Model):
    """部门: one office in one place, such as 雁江区民政局 or 前进村便民服务站."""

    code = models.CharField("部门代码", max_length=16)
    name = models.CharField("名称", max_length=64)
    division = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="departments")

    class Meta:
        verbose_name = "部门"
        constraints = [
            models.UniqueConstraint(fields=["code", "division"], name="department_once_a_place")
        ]

    def __str__(self) -> str:
        return self.name


class StaffMember(models.Model):
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff"
    )
    name = models.CharField("姓名", max_length=50)
    id_digest = models.BinaryField("证件索引", null=True, max_length=32, help_text="只用于回避比对")
    phone_digest = models.BinaryField("电话索引", null=True, max_length=32)

    class Meta:
        verbose_name = "工作人员"
        indexes = [
            models.Index(
                fields=["id_digest"], name="staff_by_id", condition=Q(id_digest__isnull=False)
            ),
            models.Index(
                fields=["phone_digest"],
                name="staff_by_phone",
                condition=Q(phone_digest__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """岗位: a role in a department for a time. What the role may do stands in `duties.py`."""

    class Role(models.TextChoices):
        COMMUNITY_WORKER = "community_worker", "社区工作者"
        WINDOW_CLERK = "window_clerk", "综合窗口"
        TOWN_REVIEWER = "town_reviewer", "乡镇(街道)审核"
        COUNTY_REVIEWER = "county_reviewer", "县(区)部门审核"
        CITY_REVIEWER = "city_reviewer", "市级部门审核"
        EXTERNAL_AGENCY = "external_agency", "外部机构"
        DEPARTMENT_HEAD = "department_head", "部门负责人"
        SUPERVISOR = "supervisor", "监察"
        ITEM_ADMIN = "item_admin", "事项管理员"
        PLATFORM_ADMIN = "platform_admin", "系统管理员"
        AUDITOR = "auditor", "审计"

    staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField("角色", max_length=24, choices=Role)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="posts")
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = "岗位"
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role", "department"],
                condition=Q(valid_to__isnull=True),
                name="post_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.staff} {self.get_role_display()}"


class StandIn(models.Model):
    """代岗 (AB岗): for some days somebody else holds the duties of a post, and says so."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="stand_ins")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    valid_from = models.DateField("起")
    valid_to = models.DateField("止")
    appointed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("安排时间")
    ended_at = models.DateTimeField("提前结束", null=True, blank=True)

    class Meta:
        verbose_name = "代岗"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="stand_in_ends_after_it_began"
            )
        ]
        indexes = [
            models.Index(
                fields=["account", "valid_to"],
                name="stand_in_of",
                condition=Q(ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} 代 {self.post_id}"


class CalendarDay(models.Model):
    """工作日历: national calendar plus the city's own changes; `provisional` until published."""

    day = models.DateField("日期", primary_key=True)
    is_workday = models.BooleanField("工作日")
    label = models.CharField("说明", max_length=32, blank=True)
    provisional = models.BooleanField("暂定", default=False)
    source = models.CharField("来源", max_length=64)

    class Meta:
        verbose_name = "工作日历"

    def __str__(self) -> str:
        return f"{self.day} {'工作日' if self.is_workday else '休息日'}"
