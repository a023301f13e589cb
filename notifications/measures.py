"""Measures (计量) of notices: by lane, state and code; never by person."""

from prometheus_client import Counter, Gauge, Histogram

WAITED = Histogram(
    "notices_created_to_accepted_seconds",
    "从生成(或应达时间)到对方接收",
    ["lane"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200),
)
OUTCOMES = Counter("notices_outcomes_total", "投递结果", ["state", "code"])
BACKLOG_SECONDS = Gauge(
    "notices_backlog_age_seconds", "最久待发时间", ["lane"], multiprocess_mode="mostrecent"
)
BACKLOG = Gauge(
    "notices_backlog", "待发条数(至多数到 10001)", ["lane"], multiprocess_mode="mostrecent"
)
UNKNOWN = Gauge("notices_unknown", "结果未知条数", multiprocess_mode="mostrecent")
ALARMS = Counter("notices_alarms_total", "须人工处理的错误", ["code"])
