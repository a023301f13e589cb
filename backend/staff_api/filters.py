"""筛选: what a list of the desk may be narrowed by; each filter hands over one condition."""

from datetime import date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from backend.cases.lifecycle import OPEN, Status
from backend.cases.models import Case, CaseStep
from backend.cases.queries import narrow
from backend.organisation import names
from backend.organisation import queries as organisation

LIGHTS = [("red", "超期"), ("yellow", "将到期"), ("green", "正常"), ("blue", "停表")]
Rows = QuerySet[Any]


class DivisionField(forms.CharField):
    """A division's code; an unknown one is a fault of its field, not an empty list."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not organisation.level_of(value):
            raise forms.ValidationError("没有这个区划, 请核对区划代码")


@extend_schema_field(OpenApiTypes.STR)
class DivisionFilter(django_filters.Filter):  # type: ignore[misc]  # untyped library
    field_class = DivisionField


class Narrowed(django_filters.FilterSet):  # type: ignore[misc]
    """What both lists share; `via` leads from a row to its case."""

    via = ""
    base_filters: dict[str, Any]

    item = django_filters.CharFilter(method="by_item", label="事项编码")
    department = django_filters.CharFilter(method="by_department", label="部门代码")
    division = DivisionFilter(method="by_division", label="区划代码, 含下级与托管")
    light = django_filters.ChoiceFilter(choices=LIGHTS, method="by_light", label="灯")
    mine = django_filters.BooleanFilter(method="by_mine", label="true: 我认领的")
    unclaimed = django_filters.BooleanFilter(method="by_unclaimed", label="true: 无人认领的")
    received_after = django_filters.DateFilter(method="by_received_after", label="收件日起(含)")
    received_before = django_filters.DateFilter(method="by_received_before", label="收件日止(含)")
    q = django_filters.CharFilter(
        method="by_text", max_length=64, label="办事编号或其前几位 / 申请人全名 / 事项名"
    )

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        """Copy only the filters asked for: copying all of them costs more than a short list."""
        asked, every = data or {}, self.base_filters
        self.base_filters = {name: one for name, one in every.items() if name in asked}
        super().__init__(data, *args, **kwargs)

    def by_item(self, rows: Rows, _name: str, code: str) -> Rows:
        return rows.filter(narrow.of_item(code, via=self.via))

    def by_department(self, rows: Rows, _name: str, code: str) -> Rows:
        return rows.filter(department__in=names.offices_coded(code))

    def by_division(self, rows: Rows, _name: str, code: str) -> Rows:
        return rows.filter(narrow.in_territory(code, organisation.level_of(code)))

    def by_light(self, rows: Rows, _name: str, light: str) -> Rows:
        return rows.filter(self.lit(light, timezone.localdate()))

    def by_mine(self, rows: Rows, _name: str, wanted: bool) -> Rows:  # noqa: FBT001  (its call)
        mine = narrow.claimed(self.request.user, now=timezone.now())
        return rows.filter(self.held(mine)) if wanted else rows

    def by_unclaimed(self, rows: Rows, _name: str, wanted: bool) -> Rows:  # noqa: FBT001
        return rows.filter(self.held(narrow.unclaimed(now=timezone.now()))) if wanted else rows

    def by_received_after(self, rows: Rows, _name: str, day: date) -> Rows:
        return rows.filter(**{f"{self.via}submitted_at__gte": _at(day, time.min)})

    def by_received_before(self, rows: Rows, _name: str, day: date) -> Rows:
        return rows.filter(**{f"{self.via}submitted_at__lte": _at(day, time.max)})

    def by_text(self, rows: Rows, _name: str, text: str) -> Rows:
        return rows.filter(narrow.matching(text, via=self.via, today=timezone.localdate()))

    def lit(self, light: str, today: date) -> Q:
        return narrow.case_lit(light, today=today)

    def held(self, condition: Q) -> Q:
        return narrow.with_open_step(condition)


class WorklistFilter(Narrowed):
    via = "case__"
    status = django_filters.ChoiceFilter(
        field_name="case__status",
        choices=[(one.value, one.label) for one in Status if one in OPEN],
        label="办件状态",
    )

    class Meta:
        model = CaseStep
        fields: tuple[str, ...] = ()

    def lit(self, light: str, today: date) -> Q:
        return narrow.step_lit(light, today=today)

    def held(self, condition: Q) -> Q:
        return condition


class CaseFilter(Narrowed):
    status = django_filters.ChoiceFilter(choices=Status.choices, label="办件状态")

    class Meta:
        model = Case
        fields: tuple[str, ...] = ()


def _at(day: date, hour: time) -> datetime:
    """Return a moment of a day of this city."""
    return timezone.make_aware(datetime.combine(day, hour))
