"""材料: what is taken in at a window, who gave what, and what staff find out about it."""

from typing import Any

from rest_framework import serializers

from backend.catalogue import ways


class ChoiceIn(serializers.Serializer[Any]):
    """窗口怎么收一项材料: paper 当场收下纸质, onsite 当场核验, 其余同居民端."""

    agreed = serializers.BooleanField(required=False, help_text="commitment: 本人已读并同意")
    by = serializers.ChoiceField(choices=ways.OFFERED)
    earlier = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    file = serializers.UUIDField(required=False, help_text="upload: 窗口扫描的文件编号")


class WayOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    by = serializers.CharField()


class EarlierOut(serializers.Serializer[Any]):
    given_on = serializers.DateField()
    id = serializers.IntegerField()


class PromiseOut(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="念给本人听, 同意后才能用")
    version = serializers.CharField()


class MaterialAheadOut(serializers.Serializer[Any]):
    """一项材料会怎样; by 不空的不得向居民要 (国务院令第 716 号 §9)."""

    by = serializers.CharField(allow_blank=True)
    choices = WayOut(many=True)
    earlier = EarlierOut(many=True)
    key = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    promise = PromiseOut(allow_null=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    says = serializers.CharField()
    when = serializers.CharField(allow_blank=True)
