"""窗口上传与查看: what staff scan for a resident, and what they may see of a case, marked."""

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core.api import Limit
from backend.core.wire import Octets, OneFile
from backend.files import actions, queries, shapes
from backend.organisation import queries as organisation
from backend.staff_api.door import StaffView

TAKE = Limit("staff_upload", "1200/minute")
LOOK = Limit("staff_file_look", "240/minute")


class LinkIn(serializers.Serializer[Any]):
    purpose = serializers.CharField(max_length=64, help_text="为何查看, 记入查阅留痕")


class UploadList(StaffView):
    @extend_schema(request=shapes.StartIn, responses={201: shapes.UploadOut})
    def post(self, request: Request) -> Response:
        """开始上传窗口扫描或拍摄的材料."""
        TAKE.spend(f"account:{self.actor.pk}")
        upload = actions.start(actor=self.actor, **self.read(shapes.StartIn))
        return Response(shapes.upload_shown(upload), status=201)


class UploadDetail(StaffView):
    @extend_schema(responses=shapes.UploadOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """上传进度."""
        upload = queries.upload_of(self.actor, uid=uid)
        return Response(shapes.upload_shown(upload))


class UploadParts(StaffView):
    parser_classes = (Octets, OneFile)
    most_bytes = actions.PART_BYTES

    @extend_schema(parameters=[shapes.PartIn], request=shapes.PART_BODY, responses=shapes.UploadOut)
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """传一段; 重发无妨, 有缺口则 409 附 expected."""
        TAKE.spend(f"account:{self.actor.pk}")
        told, data = self.read_query(shapes.PartIn), shapes.part_in(request)
        upload = actions.put(actor=self.actor, uid=uid, data=data, **told)
        return Response(shapes.upload_shown(upload))


class UploadFinish(StaffView):
    @extend_schema(request=None, responses={201: shapes.FileOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """传完: 检查内容, 得到文件编号, 随即查毒."""
        TAKE.spend(f"account:{self.actor.pk}")
        file = actions.finish(actor=self.actor, uid=uid)
        return Response(shapes.file_shown(file), status=201)


class FileList(StaffView):
    parser_classes = (OneFile,)
    most_bytes = shapes.SMALL_BYTES

    @extend_schema(request={"multipart/form-data": shapes.SmallIn}, responses={201: shapes.FileOut})
    def post(self, request: Request) -> Response:
        """一次上传不超过 2 MiB 的文件."""
        TAKE.spend(f"account:{self.actor.pk}")
        file = actions.take(actor=self.actor, **shapes.small_in(self.read(shapes.SmallIn)))
        return Response(shapes.file_shown(file), status=201)


class FileDetail(StaffView):
    @extend_schema(responses=shapes.FileOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """自己上传的文件的状态."""
        file = queries.file_of(self.actor, uid=uid)
        return Response(shapes.file_shown(file))


class FileLink(StaffView):
    @extend_schema(request=LinkIn, responses=shapes.LinkOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """取自己上传的文件的查看链接; 办件材料的链接在办件下取."""
        LOOK.spend(f"account:{self.actor.pk}")
        link = actions.link(actor=self.actor, uid=uid, **self.read(LinkIn))
        return Response({"token": link.token, "expires_at": link.expires_at})


class FileContent(StaffView):
    @extend_schema(responses=shapes.BYTES)
    def get(self, request: Request, token: str) -> HttpResponse:
        """
        查看文件, 记入查阅留痕.

        证件类的副本带查看人单位、姓名、时间与目的的水印; 水印只在这一份上, 不存.
        """
        LOOK.spend(f"account:{self.actor.pk}")
        return shapes.shown(actions.read(actor=self.actor, token=token, reader=self._reader))

    @property
    def _reader(self) -> str:
        """The office and the name to be drawn over a marked copy."""
        office = self.posts[0].department_name if self.posts else ""
        return f"{office} {organisation.staff_name(self.actor)}".strip()
