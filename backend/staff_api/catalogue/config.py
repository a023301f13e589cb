"""配置文件: all configuration out as YAML, what another would change, in by files or by rows."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue import actions
from backend.catalogue.actions.sheets import COLUMNS, Sheet
from backend.catalogue.folders import MOST_FILES, Difference
from backend.catalogue.queries import config
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api.door import StaffView

_MOST_LETTERS = 1_000_000  # of one body; StrictJSON refuses a larger one


class FilesIn(serializers.Serializer[Any]):
    files = serializers.DictField(
        child=serializers.CharField(
            max_length=_MOST_LETTERS, allow_blank=True, trim_whitespace=False
        ),
        allow_empty=False,
        help_text=f"路径 → YAML, 最多{MOST_FILES}个; 如 items/ZY-MZ-001.yaml",
    )


class ConfigImportIn(FilesIn):
    reason = serializers.CharField(label="理由", max_length=300)
    apply = serializers.BooleanField(default=False, help_text="不填为试导, 只说明会改变什么")


class SheetIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=sorted(COLUMNS))
    text = serializers.CharField(
        label="CSV", max_length=_MOST_LETTERS, trim_whitespace=False, help_text="首行为列名"
    )
    reason = serializers.CharField(label="理由", max_length=300)
    apply = serializers.BooleanField(default=False, help_text="不填为试导, 只列出错误")


@extend_schema_field(OpenApiTypes.ANY)
class Told(serializers.JSONField):
    """原样的值."""


class ConfigFaultOut(serializers.Serializer[Any]):
    file = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    path = serializers.CharField()
    reason = serializers.CharField()


class ConfigPathOut(serializers.Serializer[Any]):
    path = serializers.CharField()
    here = Told(allow_null=True)
    there = Told(allow_null=True)


class ConfigDifferenceOut(serializers.Serializer[Any]):
    part = serializers.CharField(help_text="item 事项, param 参数, rollout 开通, rule 提醒规则")
    key = serializers.CharField()
    change = serializers.CharField(help_text="added 新增, changed 改变, only_here 只在这里有(保留)")
    paths = ConfigPathOut(many=True)


class ConfigOut(serializers.Serializer[Any]):
    files = serializers.DictField(child=serializers.CharField())


class ConfigImportOut(serializers.Serializer[Any]):
    differences = ConfigDifferenceOut(many=True)
    faults = ConfigFaultOut(many=True)
    applied = serializers.BooleanField()
    drafts = serializers.ListField(
        child=serializers.CharField(), help_text="成为草稿的事项, 签认后另行发布"
    )


class SheetFaultOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    column = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class SheetOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    rows = serializers.IntegerField()
    good = serializers.IntegerField(help_text="可以导入的行数")
    faults = SheetFaultOut(many=True)
    applied = serializers.BooleanField()


def _shown(difference: Difference) -> dict[str, Any]:
    return {
        "part": difference.part,
        "key": difference.key,
        "change": difference.change,
        "paths": [
            {"path": path, "here": here, "there": there} for path, here, there in difference.paths
        ],
    }


def _sheet(sheet: Sheet) -> dict[str, Any]:
    return {
        "kind": sheet.kind,
        "rows": sheet.rows,
        "good": len(sheet.writes),
        "faults": sheet.faults,
        "applied": sheet.applied,
    }


class ConfigExport(StaffView):
    @extend_schema(responses=ConfigOut)
    def get(self, request: Request) -> Response:
        """导出全部配置: 事项、本地参数、开通、提醒规则, 每份一个 YAML."""
        duties.hold(self.posts, Duty.CONFIGURE)
        return Response({"files": config.exported(today=self.today)})


class ConfigImport(StaffView):
    @extend_schema(request=ConfigImportIn, responses=ConfigImportOut)
    def post(self, request: Request) -> Response:
        """导入配置: 先看差异(试导), 再执行; 参数、开通、规则即时生效, 事项成为草稿待签认."""
        body = self.read(ConfigImportIn)
        told = actions.import_config(
            actor=self.actor, texts=body["files"], reason=body["reason"], apply=body["apply"]
        )
        return Response(
            {
                "differences": [_shown(one) for one in told.differences],
                "faults": told.faults,
                "applied": told.applied,
                "drafts": told.drafts,
            }
        )


class SheetImport(StaffView):
    @extend_schema(request=SheetIn, responses=SheetOut)
    def post(self, request: Request) -> Response:
        """导入表格: 参数、开通或俗名, 逐行校验; 试导列出全部错误行, 没有错误才能执行."""
        return Response(_sheet(actions.load_sheet(actor=self.actor, **self.read(SheetIn))))
