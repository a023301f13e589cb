"""材料: how each is given, and what became of it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.queries import ledger
from backend.catalogue import ways
from backend.files import shapes
from miniprogram_api.door import ResidentView
from miniprogram_api.files import LOOK


class ChoiceIn(serializers.Serializer[Any]):
    """怎么交一项材料."""

    by = serializers.ChoiceField(
        choices=ways.OFFERED,
        help_text="upload 上传 earlier 以前交过的 commitment 告知承诺 deferred 容缺后补 "
        "paper 带到窗口 onsite 现场核验",
    )
    file = serializers.UUIDField(required=False, help_text="upload: 文件编号")
    earlier = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="earlier: 以前那项的编号"
    )
    agreed = serializers.BooleanField(required=False, help_text="commitment: 已读并同意承诺书")


class WayOut(serializers.Serializer[Any]):
    by = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class


class EarlierOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    given_on = serializers.DateField(help_text="哪天交的")


class PromiseOut(serializers.Serializer[Any]):
    version = serializers.CharField()
    text = serializers.CharField()


class MaterialAheadOut(serializers.Serializer[Any]):
    """一项材料会怎样: 不用交的写明由谁核验, 要交的写明有哪些办法."""

    key = serializers.CharField()
    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    when = serializers.CharField(allow_blank=True, help_text="只在这种情形需要")
    note = serializers.CharField(allow_blank=True)
    by = serializers.CharField(
        allow_blank=True, help_text="registry 数据核验 licence 电子证照 form 自动生成; 空为要交"
    )
    says = serializers.CharField(help_text="一句话说明")
    choices = WayOut(many=True)
    earlier = EarlierOut(many=True, help_text="以前交过、还能用的; 用不用由本人选")
    promise = PromiseOut(allow_null=True, help_text="可以承诺的, 承诺书全文")


class HandedOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    state = serializers.CharField()
    state_label = serializers.CharField()


class BeforeOut(serializers.Serializer[Any]):
    by = serializers.CharField()
    by_label = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    replaced_at = serializers.DateTimeField()


class LedgerOut(serializers.Serializer[Any]):
    """台账的一行: 这项材料来自哪里, 现在怎样, 还能做什么."""

    key = serializers.CharField()
    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    by = serializers.CharField(allow_blank=True, help_text="来自; 空为没有交")
    by_label = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    state_label = serializers.CharField()
    verification = serializers.CharField(allow_blank=True)
    verification_label = serializers.CharField(allow_blank=True)
    says = serializers.CharField(allow_blank=True, help_text="一句话说明")
    due_on = serializers.DateField(allow_null=True, help_text="容缺补交期限")
    updated_at = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)
    promise = serializers.CharField(allow_blank=True, help_text="承诺书全文")
    file = HandedOut(allow_null=True)
    given_by = serializers.CharField()
    before = BeforeOut(many=True, help_text="以前交过、后来换掉的")
    verbs = serializers.ListField(child=serializers.CharField())


class CaseMaterials(ResidentView):
    @extend_schema(responses=LedgerOut(many=True))
    def get(self, request: Request, number: str) -> Response:
        """这件的材料: 哪些由共享数据核验、没有要您提供, 哪些交了, 哪些还差、最迟哪天."""
        return Response(ledger.of_resident(self.actor, number=numbers.read(number)))


class CaseMaterial(ResidentView):
    @extend_schema(request=ChoiceIn, responses=LedgerOut(many=True))
    def post(self, request: Request, number: str, key: str) -> Response:
        """
        补交一项材料: 容缺后补的、还没有交的、共享数据没有核验上的.

        补正告知里的请用“补正”一并提交; 已经交好的 409 `material_not_wanted`.
        """
        choice = self.read(ChoiceIn)
        case = actions.hand_in(
            actor=self.actor, number=numbers.read(number), key=key, choice=choice
        )
        return Response(ledger.of_resident(self.actor, number=case.number))


class MaterialLink(ResidentView):
    @extend_schema(request=None, responses=shapes.LinkOut)
    def post(self, request: Request, number: str, key: str) -> Response:
        """取本人办件里一项材料的查看链接, 一分钟内有效."""
        LOOK.spend(f"account:{self.actor.pk}")
        link = actions.open_material(actor=self.actor, number=numbers.read(number), key=key)
        return Response({"token": link.token, "expires_at": link.expires_at})
