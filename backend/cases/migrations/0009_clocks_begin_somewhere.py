"""Cases that run already get the parts their last days are reckoned from."""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

from backend.core.workdays import WorkCalendar


def begin(apps, _editor):
    case_model = apps.get_model("cases", "Case")
    rows = apps.get_model("organisation", "CalendarDay").objects.values_list(
        "day", "is_workday", "provisional"
    )
    calendar = WorkCalendar.from_rows(rows)
    running = case_model.objects.filter(status="accepted", clock_from__isnull=True)
    for case in running.select_related("version").iterator(chunk_size=500):
        stops = _stops(apps, case)
        began = timezone.localdate(case.accepted_at)
        kind = case.version.day_kind
        spans = [(since, until - timedelta(days=1)) for _, since, until in stops if until]
        lost = sum(calendar.remaining(a - timedelta(days=1), b, kind) for a, b in spans)
        case.clock_from = began
        case.promised_total = calendar.remaining(began, case.promised_due_on, kind) - lost
        case.statutory_total = calendar.remaining(began, case.statutory_due_on, kind) - lost
        case.save(update_fields=["clock_from", "promised_total", "statutory_total"])
        for step, since, until in stops:
            apps.get_model("cases", "ClockStop").objects.create(
                case=case, kind="step", step=step, began_on=since, ended_on=until
            )


def _stops(apps, case):
    """Return (step, first day, day it went on) of the stages in which nothing counted."""
    stages = {}
    for step in apps.get_model("cases", "CaseStep").objects.filter(case=case).order_by("pk"):
        stages.setdefault((step.stage, step.round), []).append(step)
    found = []
    for steps in stages.values():
        if any(step.counts for step in steps) or steps[0].opened_at < case.accepted_at:
            continue
        since = timezone.localdate(max(step.opened_at for step in steps))
        ended = [step.done_at for step in steps if step.done_at]
        over = max(ended) if len(ended) == len(steps) else None
        found.append((steps[-1].key, since, timezone.localdate(over) if over else None))
    if case.paused_on is None:
        return found
    standing = next((key for key, since, _ in found if since >= case.paused_on), "")
    before = [stop for stop in found if stop[1] < case.paused_on]
    return [*before, (standing, case.paused_on, None)]


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0008_clock_supplements_materials"),
        ("organisation", "0001_initial"),
    ]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
