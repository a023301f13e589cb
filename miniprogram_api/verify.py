"""文书验真: for whoever holds a paper; by what is printed on it, or by the file itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core.api import Limit, client_ip
from backend.core.wire import BodyTooLarge
from backend.documents import queries, seal
from miniprogram_api.door import OpenView

VERIFY = Limit("verify", "30/minute")
_AROUND = 4096  # what multipart adds around the file


class VerifyIn(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=48, help_text="文书编号, 印在右上角与页脚")
    code = serializers.CharField(max_length=16, help_text="八位验证码, 空格、短横与大小写不计")


class FileIn(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="下载的 PDF 原文件, 至多 1 MB")


class VerifyOut(serializers.Serializer[Any]):
    """验真结果: 不含个人信息."""

    result = serializers.ChoiceField(choices=queries.RESULTS)
    why = serializers.CharField(allow_blank=True, help_text="哪里不对, 一句话")
    number = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True, help_text="文书名称")
    office = serializers.CharField(allow_blank=True, help_text="出具单位")
    made_on = serializers.DateField(allow_null=True, help_text="落款日期")
    revoked_on = serializers.DateField(allow_null=True)
    revoked_why = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField(allow_blank=True, help_text="原文件的摘要")
    pages = serializers.IntegerField(allow_null=True)


class Verify(OpenView):
    parser_classes = (MultiPartParser,)

    @extend_schema(parameters=[VerifyIn], responses=VerifyOut)
    def get(self, request: Request) -> Response:
        """按纸上的编号和验证码验真, 不登录."""
        VERIFY.spend(client_ip(request))
        return Response(queries.look(**self.read_query(VerifyIn)))

    @extend_schema(request={"multipart/form-data": FileIn}, responses=VerifyOut)
    def post(self, request: Request) -> Response:
        """按文件验真: 改动、截去、追加任何一处都验不过; 文件不留存."""
        VERIFY.spend(client_ip(request))
        if int(request.META.get("CONTENT_LENGTH") or 0) > seal.MOST + _AROUND:
            raise BodyTooLarge
        return Response(queries.judge(self.read(FileIn)["file"].read()))


@csrf_exempt
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the person who scanned the QR code what paper it is, without a script."""
    number, code = request.GET.get("number", "")[:48], request.GET.get("code", "")[:16]
    shown: dict[str, object] = {"number": number, "code": code}
    status = 200
    try:
        if number and code:
            VERIFY.spend(str(request.META.get("REMOTE_ADDR", "")))
            shown["found"] = queries.look(number=number, code=code)
    except queries.PaperUnknown as unknown:
        shown["problem"], status = unknown.title, 404
    except Throttled as many:
        shown["problem"], status = many.detail, 429
    return render(request, "documents/verify.html", shown, status=status)
