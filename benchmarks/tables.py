"""Tables (表): what the seeding fills, and the columns it writes row by row."""

from backend.accounts.models import AccessToken, Account, WeChatIdentity
from backend.cases.models import (
    Case,
    CaseCounter,
    CaseEvent,
    CaseMaterial,
    CaseStep,
    ClockStop,
    Defect,
    Supplement,
)
from backend.residents.models import Resident
from benchmarks.copying import Table

ACCOUNTS = Table(Account, ["id", "password", "name", "kind", "is_active", "created_at"])
WECHAT = Table(WeChatIdentity, ["account_id", "app_id", "openid", "created_at"])
TOKENS = Table(
    AccessToken,
    ["uid", "digest", "account_id", "device", "created_at", "seen_at", "expires_at"],
)
RESIDENTS = Table(
    Resident,
    [
        *("id", "uid", "account_id", "sealed_name", "name_digest", "id_type"),
        *("sealed_id_number", "id_digest", "id_last4_digest", "sealed_phone", "phone_digest"),
        *("phone_verified_at", "birth_on", "gender", "hukou_division_id"),
        *("residence_division_id", "realname_level", "created_at"),
    ],
)
CASES = Table(
    Case,
    [
        *("id", "number", "version_id", "item_id", "department_id", "applicant_id"),
        *("submitted_by_id", "channel", "status", "sealed_answers", "token", "request_digest"),
        *("intake_division_id", "county_code", "town_code", "village_code", "submitted_at"),
        *("accepted_at", "decided_at", "closed_at", "clock_from", "promised_total"),
        *("statutory_total", "promised_due_on", "statutory_due_on", "warn_on", "paused_on"),
        *("provisional", "outcome", "reason", "bundle_key", "event_count", "event_head"),
    ],
)
STEPS = Table(
    CaseStep,
    [
        *("case_id", "key", "name", "phase", "stage", "role", "department_id", "county_code"),
        *("town_code", "village_code", "state", "counts", "opened_at", "days", "day_kind"),
        *("due_on", "warn_on", "done_at", "done_by_id", "opinion"),
    ],
)
EVENTS = Table(
    CaseEvent,
    [
        *("case_id", "seq", "verb", "actor_id", "at", "status", "step", "details"),
        *("prev_hash", "hash"),
    ],
)
STOPS = Table(ClockStop, ["case_id", "kind", "step", "began_on", "ended_on"])
SUPPLEMENTS = Table(
    Supplement,
    [
        *("id", "case_id", "ordinal", "state", "step", "department_id", "asked_by_id"),
        *("asked_at", "given_at", "due_on", "revision", "done_at"),
    ],
)
DEFECTS = Table(
    Defect,
    [
        *("supplement_id", "seq", "on", "key", "label", "reason", "remedy"),
        *("answered_at", "revision"),
    ],
)
MATERIALS = Table(
    CaseMaterial,
    [
        *("case_id", "key", "name", "required", "resolved_by", "state", "verification"),
        *("updated_at", "updated_by_id"),
    ],
)
COUNTERS = Table(CaseCounter, ["point", "day", "value"])
TABLES = (
    *(ACCOUNTS, WECHAT, TOKENS, RESIDENTS, CASES, STEPS, EVENTS, STOPS),
    *(SUPPLEMENTS, DEFECTS, MATERIALS, COUNTERS),
)


OF_CASES = (CASES, STEPS, EVENTS, STOPS, SUPPLEMENTS, DEFECTS, MATERIALS)
