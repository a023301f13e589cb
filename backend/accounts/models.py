"""Account (账号): whoever acts, whether resident, staff member or another system."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(name=username)


class Account(AbstractBaseUser):
    class Kind(models.TextChoices):
        RESIDENT = "resident", "居民"
        STAFF = "staff", "工作人员"
        SYSTEM = "system", "系统"

    name = models.CharField("登录名", max_length=64, unique=True)
    kind = models.CharField("类别", max_length=16, choices=Kind)
    is_active = models.BooleanField("在用", default=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    USERNAME_FIELD = "name"
    objects = AccountManager()

    class Meta:
        verbose_name = "账号"

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class WeChatIdentity(models.Model):
    """微信身份: an openid of one mini-program. An identifier, never a credential."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="wechat")
    app_id = models.CharField("小程序", max_length=32)
    openid = models.CharField("openid", max_length=64)
    is_valid = models.BooleanField("有效", default=True)
    created_at = models.DateTimeField("绑定时间", auto_now_add=True)

    class Meta:
        verbose_name = "微信身份"
        constraints = [
            models.UniqueConstraint(fields=["app_id", "openid"], name="wechat_openid_once")
        ]

    def __str__(self) -> str:
        return f"微信身份 #{self.pk}"


class AccessToken(models.Model):
    """登录凭据: 32 random bytes, of which only the digest stays; ends by idleness, age or will."""

    uid = models.UUIDField("编号", default=uuid.uuid4, unique=True)
    digest = models.BinaryField("摘要", max_length=32, unique=True)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="tokens", db_index=False
    )
    device = models.CharField("设备", max_length=64, blank=True)
    created_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近使用")
    expires_at = models.DateTimeField("最迟失效")
    revoked_at = models.DateTimeField("注销时间", null=True, blank=True)

    class Meta:
        verbose_name = "登录凭据"
        indexes = [models.Index(fields=["account", "-created_at"], name="token_of_account")]

    def __str__(self) -> str:
        return f"登录凭据 #{self.pk}"


class UsedLoginCode(models.Model):
    """用过的登录码: a replayed wx.login code is refused here, without asking WeChat."""

    digest = models.BinaryField("摘要", max_length=32, primary_key=True)
    used_at = models.DateTimeField("使用时间", db_index=True)

    class Meta:
        verbose_name = "用过的登录码"

    def __str__(self) -> str:
        return "用过的登录码"


class AuditEntry(models.Model):
    """查阅留痕: who read or did what, about which record, for which purpose. Only grows."""

    at = models.DateTimeField("时间", auto_now_add=True)
    actor = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    act = models.CharField("行为", max_length=32)
    purpose = models.CharField("目的", max_length=64)
    subject = models.CharField("对象", max_length=64)
    case_number = models.CharField("办事编号", max_length=24, blank=True)
    resident_id = models.BigIntegerField("被查阅居民", null=True, blank=True)
    request_id = models.CharField("请求编号", max_length=64, blank=True)

    class Meta:
        verbose_name = "查阅留痕"
        indexes = [
            models.Index(
                fields=["resident_id", "-at"],
                name="audit_of_resident",
                condition=Q(resident_id__isnull=False),
            ),
            models.Index(fields=["actor", "-at"], name="audit_of_actor"),
            models.Index(
                fields=["case_number", "-at"], name="audit_of_case", condition=~Q(case_number="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"
