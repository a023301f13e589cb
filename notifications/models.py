"""
Notices (通知). The row is the resident's inbox item, so it can be neither lost nor doubled.

A delivery is one step of the ladder by which the same notice also reaches the phone: WeChat first,
then SMS where the kind needs it.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.accounts.models import WeChatIdentity
from backend.core import crypto


class Lane(models.TextChoices):
    RT = "rt", "即时"
    DUE = "due", "提醒"
    BULK = "bulk", "批量"


class Channel(models.TextChoices):
    WECHAT = "wechat", "微信订阅消息"
    SMS = "sms", "短信"


class Notification(models.Model):
    """通知. Params hold what the templates show: never an identity number, a phone, or a name."""

    class State(models.TextChoices):
        PLANNED = "planned", "未到时间"
        RELEASED = "released", "推送中"
        DONE = "done", "已完成"
        SUPPRESSED = "suppressed", "不再需要"
        EXPIRED = "expired", "过期未推送"
        CANCELLED = "cancelled", "已取消"

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField("类型", max_length=32)
    kind_group = models.CharField("类别", max_length=16)
    priority = models.PositiveSmallIntegerField("优先级", default=5)
    lane = models.CharField("通道", max_length=4, choices=Lane)
    title = models.CharField("标题", max_length=40)
    body = models.TextField("正文")
    params = models.JSONField("参数", default=dict)
    case_number = models.CharField("办事编号", max_length=24, blank=True, db_collation="C")
    template_key = models.CharField("订阅模板", max_length=8, blank=True)
    needs_sms = models.BooleanField("微信不达时发短信", default=False)
    statutory = models.BooleanField("法定告知", default=False)
    due_at = models.DateTimeField("应达时间")
    expires_at = models.DateTimeField("推送截止", null=True, blank=True)
    state = models.CharField("状态", max_length=12, choices=State)
    reason = models.CharField("原因", max_length=32, blank=True)
    dedupe_key = models.CharField("去重键", max_length=128, null=True, blank=True)  # noqa: DJ001 (many have none)
    created_at = models.DateTimeField("生成时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)
    hidden_at = models.DateTimeField("删除时间", null=True, blank=True)

    class Meta:
        verbose_name = "通知"
        constraints = [models.UniqueConstraint(fields=["dedupe_key"], name="notice_once_a_key")]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="notice_inbox"),
            models.Index(
                fields=["account"],
                name="notice_unread",
                condition=Q(read_at__isnull=True, hidden_at__isnull=True),
            ),
            models.Index(fields=["due_at"], name="notice_planned", condition=Q(state="planned")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Quota(models.Model):
    """订阅额度: how many more messages of a template a person lets through, as far as we know."""

    class Type(models.TextChoices):
        ONCE = "once", "一次性"
        LONG = "long", "长期"

    identity = models.ForeignKey(WeChatIdentity, on_delete=models.CASCADE, related_name="quotas")
    template_id = models.CharField("模板", max_length=64)
    type = models.CharField("订阅方式", max_length=4, choices=Type)
    balance = models.PositiveIntegerField("余额", default=0)
    held = models.PositiveIntegerField("占用", default=0, help_text="正在发送或结果未知")

    class Meta:
        verbose_name = "订阅额度"
        constraints = [
            models.UniqueConstraint(fields=["identity", "template_id"], name="quota_once")
        ]

    def __str__(self) -> str:
        return f"额度 #{self.pk}: {self.balance}"


class QuotaEntry(models.Model):
    """额度流水: why a balance changed. Only grows; `source` makes every cause count once."""

    class Act(models.TextChoices):
        ACCEPT = "accept", "同意"
        REJECT = "reject", "拒绝"
        BAN = "ban", "模板停用"
        FILTER = "filter", "未弹出"
        CONSUME = "consume", "用去"
        ZERO = "zero", "清零"

    class Origin(models.TextChoices):
        CLIENT = "client", "小程序上报"
        SERVER = "server", "微信推送"
        SEND = "send", "发送结果"

    quota = models.ForeignKey(Quota, on_delete=models.CASCADE, related_name="entries")
    act = models.CharField("事由", max_length=8, choices=Act)
    origin = models.CharField("来源", max_length=8, choices=Origin)
    delta = models.IntegerField("变化")
    source = models.CharField("凭据", max_length=128)
    at = models.DateTimeField("时间")
    pair = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="told_again",
        help_text="同一次授权的另一份报告",
    )

    class Meta:
        verbose_name = "额度流水"
        constraints = [models.UniqueConstraint(fields=["source"], name="quota_entry_once")]
        indexes = [models.Index(fields=["quota", "-at"], name="quota_entries")]

    def __str__(self) -> str:
        return f"{self.act} {self.delta:+d}"


class Delivery(models.Model):
    """投递: one step of the ladder, claimed by lease; docs/notifications.md draws the states."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        CLAIMED = "claimed", "发送中"
        RETRY = "retry", "待重试"
        ACCEPTED = "accepted", "对方已接收"
        DELIVERED = "delivered", "已送达"
        UNKNOWN = "unknown", "结果未知"
        UNCONFIRMED = "unconfirmed", "未获确认"
        FAILED = "failed", "失败"
        SKIPPED = "skipped", "未发送"

    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    step_no = models.PositiveSmallIntegerField("第几步")
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    lane = models.CharField("通道", max_length=4, choices=Lane)
    state = models.CharField("状态", max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField("原因", max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    next_at = models.DateTimeField("下次时间")
    claimed_at = models.DateTimeField("取出时间", null=True, blank=True)
    lease_until = models.DateTimeField("租约至", null=True, blank=True)
    lease_owner = models.CharField("租约凭据", max_length=40, blank=True)
    lease_epoch = models.CharField("标记库代次", max_length=80, blank=True)
    quota = models.ForeignKey(
        Quota, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    errcode = models.IntegerField("错误码", null=True, blank=True)
    rid = models.CharField("微信请求号", max_length=64, blank=True)
    provider_id = models.CharField("对方消息号", max_length=64, blank=True)
    accepted_at = models.DateTimeField("对方接收时间", null=True, blank=True)
    delivered_at = models.DateTimeField("送达时间", null=True, blank=True)

    class Meta:
        verbose_name = "投递"
        constraints = [
            models.UniqueConstraint(fields=["notification", "step_no"], name="delivery_step_once")
        ]
        indexes = [
            models.Index(
                fields=["lane", "next_at", "id"],
                name="delivery_due",
                condition=Q(state__in=["waiting", "retry"]),
            ),
            models.Index(
                fields=["account", "lane", "id"],
                name="delivery_queue_of_account",
                condition=Q(state__in=["waiting", "retry", "claimed"]),
            ),
            models.Index(
                fields=["lease_until"], name="delivery_leased", condition=Q(state="claimed")
            ),
            models.Index(
                fields=["account", "next_at"],
                name="delivery_unknown",
                condition=Q(state="unknown"),
            ),
            models.Index(
                fields=["provider_id"], name="delivery_by_provider", condition=~Q(provider_id="")
            ),
            models.Index(
                fields=["account"],
                name="delivery_unnamed",
                condition=Q(state="accepted", provider_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state} #{self.pk}"


class DeliveryAttempt(models.Model):
    """投递尝试: one call to a channel and what came of it. Only grows."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    n = models.PositiveSmallIntegerField("第几次")
    started_at = models.DateTimeField("开始")
    ended_at = models.DateTimeField("结束")
    outcome = models.CharField("结果", max_length=12)
    errcode = models.IntegerField("错误码", null=True, blank=True)
    http = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    latency_ms = models.PositiveIntegerField("耗时", null=True, blank=True)
    worker = models.CharField("进程", max_length=40)

    class Meta:
        verbose_name = "投递尝试"

    def __str__(self) -> str:
        return f"{self.outcome} #{self.pk}"


class CallbackRaw(models.Model):
    """微信推送: kept sealed as it came, acknowledged at once, applied by a worker."""

    class State(models.TextChoices):
        NEW = "new", "待处理"
        APPLIED = "applied", "已处理"
        IGNORED = "ignored", "无关"
        FAILED = "failed", "无法处理"

    hash = models.BinaryField("摘要", max_length=32, unique=True)
    sealed_body = models.BinaryField("内容")
    state = models.CharField("状态", max_length=8, choices=State, default=State.NEW)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    next_at = models.DateTimeField("下次时间")
    received_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = "微信推送"
        indexes = [
            models.Index(fields=["next_at", "id"], name="callback_new", condition=Q(state="new"))
        ]

    def __str__(self) -> str:
        return f"微信推送 #{self.pk} {self.state}"

    @property
    def body(self) -> object:
        return crypto.unseal_json(self.sealed_body, context=callback_context(bytes(self.hash)))


def callback_context(digest: bytes) -> str:
    return f"notifications.callback.{digest.hex()}"


class Preference(models.Model):
    """接收偏好: a group of kinds on one channel, switched by the resident. No row means on."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind_group = models.CharField("类别", max_length=16)
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    is_on = models.BooleanField("接收")

    class Meta:
        verbose_name = "接收偏好"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind_group", "channel"], name="preference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind_group} {self.channel} {'开' if self.is_on else '关'}"


class ReminderRule(models.Model):
    """提醒规则: one version of a rule as data; `rules.py` reads it."""

    class Engine(models.TextChoices):
        LIVE = "live", "运行"
        PLANNED = "planned", "待接入"

    key = models.CharField("规则", max_length=8)
    version = models.PositiveSmallIntegerField("版次")
    title = models.CharField("名称", max_length=64)
    data = models.JSONField("内容")
    engine = models.CharField("状态", max_length=8, choices=Engine)
    effective_from = models.DateField("生效日")
    effective_to = models.DateField("失效日", null=True, blank=True)

    class Meta:
        verbose_name = "提醒规则"
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="rule_version_once")]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class RuleRun(models.Model):
    """规则运行: the window (from, to] that was looked through, and what was found in it."""

    rule = models.ForeignKey(ReminderRule, on_delete=models.PROTECT, related_name="runs")
    key = models.CharField("规则", max_length=8)
    window_from = models.DateTimeField("窗口起")
    window_to = models.DateTimeField("窗口止")
    found = models.PositiveIntegerField("候选", default=0)
    added = models.PositiveIntegerField("新增提醒", default=0)
    dropped = models.JSONField("未提醒", default=dict, help_text="原因 → 人数")
    at = models.DateTimeField("运行时间", auto_now_add=True)

    class Meta:
        verbose_name = "规则运行"
        indexes = [models.Index(fields=["key", "-window_to"], name="rule_watermark")]

    def __str__(self) -> str:
        return f"{self.key} {self.window_to:%F %R}"


class Tick(models.Model):
    """时钟滴答: one run of a job per slot, however many beats ring."""

    job = models.CharField("任务", max_length=32)
    tick_at = models.DateTimeField("时刻")

    class Meta:
        verbose_name = "时钟滴答"
        constraints = [models.UniqueConstraint(fields=["job", "tick_at"], name="tick_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.tick_at:%F %T}"


class Heartbeat(models.Model):
    """心跳: when a worker last did its round."""

    worker = models.CharField("进程", max_length=32, primary_key=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "心跳"

    def __str__(self) -> str:
        return f"{self.worker} {self.at:%F %T}"
