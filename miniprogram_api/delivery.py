"""领取结果: how the result is to come, where it is, and that it came."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.models import Delivery
from backend.cases.queries import deliveries
from miniprogram_api.door import ResidentView


class AddressIn(serializers.Serializer[Any]):
    name = serializers.CharField(label="收件人", max_length=50)
    phone = serializers.CharField(label="电话", max_length=20)
    address = serializers.CharField(label="详细地址", max_length=200)


class ChooseIn(serializers.Serializer[Any]):
    method = serializers.ChoiceField(label="领取方式", choices=Delivery.Method.choices)
    address = AddressIn(required=False, help_text="邮寄和代送必填")


class DeliveryWayOut(serializers.Serializer[Any]):
    method = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class


class DeliveryOut(serializers.Serializer[Any]):
    """送达情况: 地址已脱敏."""

    offered = DeliveryWayOut(many=True)
    due_on = serializers.DateField(allow_null=True, help_text="决定后十个工作日内送达")
    light = serializers.CharField(allow_null=True, help_text="green yellow red; 送出后为空")
    method = serializers.CharField(allow_blank=True)
    method_label = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True)
    state_label = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True, help_text="领取地点; 取件码在通知里")
    address = serializers.CharField(allow_blank=True)
    mail_number = serializers.CharField(allow_blank=True)
    received_by = serializers.CharField(allow_blank=True)
    ready_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    can_choose = serializers.BooleanField()
    can_confirm = serializers.BooleanField()


class CaseDelivery(ResidentView):
    @extend_schema(responses=DeliveryOut)
    def get(self, request: Request, number: str) -> Response:
        """领取方式与送达情况."""
        return Response(deliveries.of_case(self.actor, number=numbers.read(number), now=self.now))

    @extend_schema(request=ChooseIn, responses={204: None})
    def post(self, request: Request, number: str) -> Response:
        """选择领取方式: 结果送出之前都可以改."""
        actions.choose_delivery(
            actor=self.actor, number=numbers.read(number), **self.read(ChooseIn)
        )
        return Response(status=204)


class DeliveryConfirm(ResidentView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, number: str) -> Response:
        """确认收到: 电子结果打开即视为收到; 邮寄、代送的收到后点一下."""
        actions.confirm_receipt(actor=self.actor, number=numbers.read(number))
        return Response(status=204)
