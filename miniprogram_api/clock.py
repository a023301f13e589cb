"""时限说明: how the dates of one's own case came about, line by line."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import numbers
from backend.cases.lifecycle import Status
from backend.cases.queries import clock as queries
from miniprogram_api.door import ResidentView


class MyClockLineOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    on = serializers.DateField(allow_null=True)
    text = serializers.CharField()


class MyClockOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    light = serializers.CharField(allow_null=True, help_text="green yellow red blue; 无则为空")
    promised_due_on = serializers.DateField(allow_null=True)
    statutory_due_on = serializers.DateField(allow_null=True)
    provisional = serializers.BooleanField()
    lines = MyClockLineOut(many=True)


class CaseClock(ResidentView):
    @extend_schema(responses=MyClockOut)
    def get(self, request: Request, number: str) -> Response:
        """时限说明: 从哪天起算、哪些天不计、最迟哪天办结, 每一步到什么时候."""
        page = queries.of_case(self.actor, number=numbers.read(number), now=self.now)
        return Response(MyClockOut(page).data)
