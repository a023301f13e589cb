"""送达: where a result is on its way, to hand it over, and the address for who carries it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.actions.delivering import RECEIVERS
from backend.cases.queries import deliveries
from backend.staff_api import shapes
from backend.staff_api.cases import CaseVerb, NothingIn
from backend.staff_api.door import StaffView
from backend.staff_api.papers import PurposeIn


class GiveOutIn(serializers.Serializer[Any]):
    code = serializers.RegexField(
        r"^[0-9]{6}$",
        label="取件码",
        required=False,
        allow_blank=True,
        default="",
        error_messages={"invalid": "取件码是六位数字"},
    )
    received_by = serializers.ChoiceField(
        label="领取人", choices=list(RECEIVERS.items()), default="self"
    )


class StaffDeliveryOut(serializers.Serializer[Any]):
    """送达情况: 地址已脱敏, 查看原值须写事由."""

    method = serializers.CharField(allow_blank=True)
    method_label = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True)
    state_label = serializers.CharField(allow_blank=True)
    due_on = serializers.DateField(allow_null=True, help_text="决定后十个工作日内送达")
    light = serializers.CharField(allow_null=True)
    place = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    mail_number = serializers.CharField(allow_blank=True)
    received_by = serializers.CharField(allow_blank=True)
    done_at = serializers.DateTimeField(allow_null=True)


_SHOWN = tuple(str(name) for name in StaffDeliveryOut().fields)


class StaffAddressOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()


class CaseDelivery(StaffView):
    @extend_schema(responses=StaffDeliveryOut)
    def get(self, request: Request, number: str) -> Response:
        """送达情况: 方式、地点、十个工作日的灯."""
        row = deliveries.of_case(
            self.actor, number=numbers.read(number), now=self.now, posts=self.posts
        )
        return Response({key: row[key] for key in _SHOWN})


class DeliveryAddress(StaffView):
    @extend_schema(request=PurposeIn, responses=StaffAddressOut)
    def post(self, request: Request, number: str) -> Response:
        """查看收件地址: 写明事由并留痕."""
        address = actions.reveal_address(
            actor=self.actor, number=numbers.read(number), **self.read(PurposeIn)
        )
        return Response(address)


@extend_schema(request=GiveOutIn, responses=shapes.AfterOut)
class GiveOut(CaseVerb):
    """交付结果: 窗口核对取件码; 邮件签收、村(社区)代送的登记."""

    shape, act = GiveOutIn, staticmethod(actions.give_out)


@extend_schema(request=None, responses=shapes.AfterOut)
class RenewPickup(CaseVerb):
    """重发取件码: 核对身份后发新码, 旧码作废."""

    shape, act = NothingIn, staticmethod(actions.renew_pickup)
