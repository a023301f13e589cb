"""Settings (配置): one page. Every value is an environment setting; `.env.example` explains it."""

import base64
import logging
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from django.core.exceptions import ImproperlyConfigured

from backend.config.schedule import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]


def _files() -> dict[str, str]:
    """Read `.env` and the addresses a running city wrote; the environment itself wins over both."""
    found: dict[str, str] = {}
    for path in (ROOT / ".data" / "servers.env", ROOT / ".env"):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        pairs = (line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
        found.update({key.strip(): value.strip() for key, value in pairs})
    return found


_FROM_FILES = _files()
_DEFAULTED: list[str] = []


def env(name: str, default: str, *, secret: bool = False) -> str:
    """Return a setting; remember secrets left at their demo value."""
    value = os.environ.get(name) or _FROM_FILES.get(name) or default
    if secret and value == default:
        _DEFAULTED.append(name)
    return value


def flag(name: str, default: str) -> bool:
    return env(name, default) == "on"


MODE = env("MODE", "demo")
PRODUCTION = MODE == "production"
TESTING = "pytest" in sys.modules
DEBUG = False
SECRET_KEY = env("SECRET_KEY", "demo-only-secret-key-never-for-production", secret=True)
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if PRODUCTION else "*").split(",")
ROOT_URLCONF = "backend.config.urls"
WSGI_APPLICATION = "backend.config.wsgi.application"
AUTH_USER_MODEL = "accounts.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE, TIME_ZONE, USE_TZ, USE_I18N = "zh-hans", "Asia/Shanghai", True, True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "django_structlog",
    "backend.accounts",
    "backend.files",
    "backend.documents",
    "backend.organisation",
    "backend.residents",
    "backend.catalogue",
    "backend.exchange",
    "backend.cases",
    "backend.seeds",
    "notifications",
]
MIDDLEWARE = [
    "backend.config.middleware.Measured",
    "django.middleware.security.SecurityMiddleware",
    "backend.config.middleware.Logged",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
MEDIA_ROOT = env("FILES_ROOT", str(ROOT / ".data" / "files"))
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

_pg = urlsplit(env("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/ziyang"))
DATABASES = {
    "default": {
        "ENGINE": "backend.config.postgresql",
        "NAME": _pg.path.lstrip("/"),
        "USER": unquote(_pg.username or ""),
        "PASSWORD": unquote(_pg.password or ""),
        "HOST": _pg.hostname,
        "PORT": _pg.port or 5432,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "server_side_binding": True,
            "prepare_threshold": 3,
            "connect_timeout": 3,
            "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000"
            " -c jit=off",
        },
    }
}
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0")
EMBEDDED = env("EMBEDDED", "").split(",")  # which addresses `make run` stands behind; for /health
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def _keys(name: str, demo: bytes) -> dict[int, bytes]:
    """Read `1:BASE64,2:BASE64`: the last one seals or signs, all of them open or verify."""
    pairs = env(name, f"1:{base64.b64encode(demo).decode()}", secret=True).split(",")
    numbered = (pair.split(":", 1) for pair in pairs)
    return {int(number): base64.b64decode(key) for number, key in numbered}


# Keys and ciphers.
FIELD_KEYS = _keys("FIELD_KEYS", b"demo-field-key-32-bytes-exactly!")
SIGNING_KEYS = _keys("SIGNING_KEYS", b"demo-signing-key-of-32-bytes-ok!")
INDEX_KEY = base64.b64decode(
    env("INDEX_KEY", base64.b64encode(b"demo-index-key-32-bytes-exactly!").decode(), secret=True)
)
CIPHER_SUITE = env("CIPHER_SUITE", "intl")

PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = 5, 0.5  # 等保三级: 失败 5 次锁定 30 分钟
AXES_LOCKOUT_PARAMETERS, AXES_USERNAME_FORM_FIELD = [["username", "ip_address"]], "username"
AXES_RESET_ON_SUCCESS, AXES_VERBOSE = True, False
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # 锁定期内再试不延长: 没有永久锁定
AXES_DISABLE_ACCESS_LOG, AXES_ENABLE_ADMIN = True, False
SILENCED_SYSTEM_CHECKS = ["axes.W002"]  # its middleware answers with HTML; our door answers itself
STAFF_SECOND_FACTOR = flag("STAFF_SECOND_FACTOR", "on" if PRODUCTION else "off")
OTP_TOTP_ISSUER = "资阳社区服务"

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "backend.core.problems.handle",
    "DEFAULT_AUTHENTICATION_CLASSES": ["backend.accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "backend.core.wire.OneLanguage",
    "DEFAULT_RENDERER_CLASSES": ["backend.core.wire.FastJSON"],
    "DEFAULT_PARSER_CLASSES": ["backend.core.wire.StrictJSON"],
    "DEFAULT_SCHEMA_CLASS": "backend.config.schema.Described",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "资阳市社区公共服务综合信息平台",
    "DESCRIPTION": "居民端 /api/v1, 工作人员端 /api/staff/v1; 错误一律为 problem+json。",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backend.config.schema.with_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CaseStatus": "backend.cases.lifecycle.Status",
        "CaseChannel": "backend.cases.models.Case.Channel",
        "ItemKind": "backend.catalogue.models.ServiceItem.Kind",
    },
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER, CELERY_ACCEPT_CONTENT = "json", ["json"]
CELERY_TIMEZONE, CELERY_ENABLE_UTC = TIME_ZONE, True
CELERY_TASK_DEFAULT_QUEUE = "maint"
CELERY_TASK_TIME_LIMIT, CELERY_TASK_SOFT_TIME_LIMIT = 120, 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 180,
    "unacked_restore_interval": 5,
    "socket_timeout": 10,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 15,
    "global_keyprefix": "cps:",
}
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_SCHEDULE_FILENAME = str(ROOT / ".data" / "beat-schedule")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # an address is personal data (GB/T 35273 附录 A)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line a request: the finished one

WECHAT_BASE_URL = env("WECHAT_BASE_URL", "http://127.0.0.1:9001")
WECHAT_APP_ID = env("WECHAT_APP_ID", "wx5a1yang0000demo")
WECHAT_APP_SECRET = env("WECHAT_APP_SECRET", "sandbox-secret", secret=True)
WECHAT_TOKEN = env("WECHAT_TOKEN", "sandbox-callback-token", secret=True)
WECHAT_AES_KEY = env("WECHAT_AES_KEY", "c2FuZGJveC1hZXMta2V5LWZvci1jYWxsYmFja3MtMzI", secret=True)
WECHAT_MINIPROGRAM_STATE = env("WECHAT_MINIPROGRAM_STATE", "formal")
WECHAT_POOL = int(env("WECHAT_POOL", "128"))
# 模板:订阅方式(once 一次性, long 长期):模板编号; the defaults are the sandbox's.
WECHAT_TEMPLATES = {
    key: (how, template_id)
    for key, how, template_id in (
        entry.split(":")
        for entry in env(
            "WECHAT_TEMPLATES",
            "A:once:WNYjAyOAg-FRi8jCDITd6TonFqX_TVBY75nQNM3wpIQ,"
            "B:once:lMv1qnMAfLrI-vNQWMCzhUCS7H-Dz8ZQp5eE_5G7k-M,"
            "C:once:sVNM2s-C0xDImD2e9VkrYyMecKoWsWC5jWtmaRWQLWY",
        ).split(",")
    )
}
NOTIFY_LEASE_SECONDS = float(env("NOTIFY_LEASE_SECONDS", "60"))
NOTIFY_TRUST_LEDGER = flag("NOTIFY_TRUST_LEDGER", "on")
NOTIFY_UNKNOWN_GUARD = True  # no environment switches it off: only a test may, to see it bite
SMS_BASE_URL = env("SMS_BASE_URL", "http://127.0.0.1:9002")
SMS_KEY = env("SMS_KEY", "sandbox-sms-key", secret=True)
SMS_SIGN = env("SMS_SIGN", "资阳社区服务")
REGISTRY_BASE_URL = env("REGISTRY_BASE_URL", "http://127.0.0.1:9003")
REGISTRY_KEY = env("REGISTRY_KEY", "sandbox-registry-key", secret=True)

LIGHT_SHARE = float(env("LIGHT_SHARE", "0.2"))  # 黄灯: 剩余不多于时限的这一份额
LIGHT_DAYS = int(env("LIGHT_DAYS", "1"))  # 或剩余不多于这么多天
ESCALATE_DAYS = int(env("ESCALATE_DAYS", "2"))  # 红灯报负责人后几个工作日仍未办, 再报监察
EXTENSION_DAYS = int(env("EXTENSION_DAYS", "10"))  # 事项没有写明时, 一件最多延期的天数

# 文件: what may come in, where it is kept, who searches it.
_MB = 1024 * 1024
FILES_MOST_BYTES = {
    "image/jpeg": int(env("FILES_MOST_MB_JPEG", "10")) * _MB,
    "image/png": int(env("FILES_MOST_MB_PNG", "10")) * _MB,
    "application/pdf": int(env("FILES_MOST_MB_PDF", "10")) * _MB,
}
FILES_MOST_PIXELS = int(env("FILES_MOST_MEGAPIXELS", "40")) * 1_000_000
FILES_KEPT_EDGE = int(env("FILES_KEPT_EDGE", "4096"))
FILES_MOST_PAGES = int(env("FILES_MOST_PAGES", "50"))
FILES_OPEN_UPLOADS = int(env("FILES_OPEN_UPLOADS", "20"))
FILES_DAY_BYTES = {
    "resident": int(env("FILES_DAY_MB", "200")) * _MB,
    "staff": int(env("FILES_DAY_MB_STAFF", "2000")) * _MB,
}
FILES_UPLOAD_HOURS = int(env("FILES_UPLOAD_HOURS", "24"))
FILES_STORAGE = env("FILES_STORAGE", "local")
SCANNER_ADDRESS = env("SCANNER_ADDRESS", "tcp://127.0.0.1:3310")


def _file_storage() -> dict[str, Any]:
    """Return the storage of files: a folder of this machine, or a bucket all machines reach."""
    if FILES_STORAGE != "s3":
        return {"BACKEND": "backend.files.vault.folder.SyncedFolder"}  # under MEDIA_ROOT
    return {
        "BACKEND": "backend.files.vault.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": env("S3_BUCKET", "ziyang-files"),
            "endpoint_url": env("S3_ENDPOINT", "") or None,
            "region_name": env("S3_REGION", "") or None,
            "access_key": env("S3_ACCESS_KEY", "sandbox-access-key", secret=True),
            "secret_key": env("S3_SECRET_KEY", "sandbox-secret-key", secret=True),
        },
    }


STORAGES = {
    "default": _file_storage(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# 已接入的共享库: what these hold nobody has to bring. The sandbox answers for all of them.
REGISTRIES = tuple(
    env(
        "REGISTRIES",
        "population"
        if PRODUCTION
        else "population,household,marriage,birth,disability,lowincome,child_welfare,pension,"
        "employment,medical,socialcard,legal,residence,realestate,veteran,student,licence",
    ).split(",")
)
REGISTRY_CHECKS = int(env("REGISTRY_CHECKS", "5"))  # 查几次仍不通, 就转人工核验
DEFER_DAYS = int(env("DEFER_DAYS", "10"))  # 容缺补交期限, 工作日
MATERIAL_REUSE_DAYS = int(env("MATERIAL_REUSE_DAYS", "365"))  # 以前交过的材料多少天内可以再用
PROMISE_SAMPLE = int(env("PROMISE_SAMPLE", "20"))  # 告知承诺事后抽查的百分比; 事项写明必查的除外

SUPPLEMENT_DAYS = int(env("SUPPLEMENT_DAYS", "15"))  # 补正期限, 工作日; 延期一次为同样天数

# 事项准入与退出, 工作日: 民政审查(西城先例 15 日)、联席会议决定
ADMISSION_REVIEW_DAYS = int(env("ADMISSION_REVIEW_DAYS", "15"))
ADMISSION_MEETING_DAYS = int(env("ADMISSION_MEETING_DAYS", "10"))

PUBLIC_URL = env("PUBLIC_URL", "http://127.0.0.1:8000", secret=True)  # on every paper, for ever

LOG_LEVEL = env("LOG_LEVEL", "WARNING" if TESTING else "INFO")
# Beat rings every two seconds: what is heard each time is not worth a line.
QUIET = ("axes", "urllib3", "kombu", "amqp", "celery", "django_structlog.celery", "pikepdf")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"scrub": {"()": "backend.config.logs.Scrub"}},
    "formatters": {"json": {"()": "backend.config.logs.json_formatter"}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["scrub"]}
    },
    "root": {"handlers": ["out"], "level": LOG_LEVEL},
    "loggers": {
        **{name: {"level": "WARNING"} for name in QUIET},
        "django.request": {"level": "CRITICAL"},  # says again what `Logged` has said
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

if PRODUCTION and _DEFAULTED:
    raise ImproperlyConfigured("生产模式拒绝默认密钥, 请在环境中设置: " + ", ".join(_DEFAULTED))
