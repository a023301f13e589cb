"""What both doors show of papers (文书的报文): one shape, so that neither can drift."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers

from backend.documents.models import Paper
from backend.files import links


class PaperRow(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField(help_text="如 受理通知书")
    number = serializers.CharField(allow_blank=True, help_text="文书编号, 生成之前为空")
    office = serializers.CharField(help_text="出具单位")
    made_on = serializers.DateField(help_text="落款日期")
    ready = serializers.BooleanField(help_text="可以打开; 一般几秒钟就好")
    pages = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)
    large = serializers.BooleanField(help_text="大字版")
    revoked = serializers.BooleanField()
    revoked_why = serializers.CharField(allow_blank=True)


class PapersOut(serializers.Serializer[Any]):
    results = PaperRow(many=True)


class PaperLinkOut(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="相对地址, 仍须带登录头, 只对本账号有效")
    seconds = serializers.IntegerField(help_text="多少秒内有效")


def link(door: str, token: str) -> dict[str, Any]:
    """Return the answer a link is given with; `door` is where its account may come in."""
    return {"url": f"/api/{door}/papers/{token}", "seconds": links.LIVES.seconds}


def handed(paper: Paper, file: bytes) -> HttpResponse:
    """Answer with the file, named by its number: nobody's name travels in a header."""
    return HttpResponse(
        file,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{paper.number}.pdf"',
            "X-Content-Type-Options": "nosniff",
        },
    )
