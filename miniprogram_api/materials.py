"""材料: how each is given, and what became of it."""

from typing import Any

from rest_framework import serializers

from backend.catalogue import ways


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
