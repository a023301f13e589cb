"""上传与查看文件: material a resident hands in, in parts that survive a lost connection."""

import uuid

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core.api import Limit
from backend.core.wire import Octets, OneFile
from backend.files import actions, queries, shapes
from miniprogram_api.door import ResidentView

UPLOAD = Limit("upload", "60/minute")
PART = Limit("upload_part", "600/minute")
FINISH = Limit("upload_finish", "60/minute")
LOOK = Limit("file_look", "240/minute")


class UploadList(ResidentView):
    @extend_schema(request=shapes.StartIn, responses={201: shapes.UploadOut})
    def post(self, request: Request) -> Response:
        """
        开始上传.

        先声明扩展名、类型、大小与摘要; 不收的类型 (如 HEIC) 当场说明怎么办.
        """
        UPLOAD.spend(f"account:{self.actor.pk}")
        begun = actions.start(actor=self.actor, **self.read(shapes.StartIn))
        return Response(shapes.upload_shown(begun), status=201)


class UploadDetail(ResidentView):
    @extend_schema(responses=shapes.UploadOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """上传进度: 手机断线、重启以后, 从 received 处接着传."""
        return Response(shapes.upload_shown(queries.upload_of(self.actor, uid=uid)))


class UploadParts(ResidentView):
    parser_classes = (Octets, OneFile)
    most_bytes = actions.PART_BYTES

    @extend_schema(parameters=[shapes.PartIn], request=shapes.PART_BODY, responses=shapes.UploadOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """
        传一段 (wx.uploadFile 用 multipart, 一个文件字段).

        重发同一段无妨; 中间有缺口则 409 `part_out_of_place`, 附 expected.
        """
        return self._taken(request, uid)

    @extend_schema(parameters=[shapes.PartIn], request=shapes.PART_BODY, responses=shapes.UploadOut)
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """传一段 (wx.request 用 application/octet-stream), 与 POST 相同."""
        return self._taken(request, uid)

    def _taken(self, request: Request, uid: uuid.UUID) -> Response:
        PART.spend(f"account:{self.actor.pk}")
        offset = self.read_query(shapes.PartIn)["offset"]
        data = shapes.part_in(request)
        upload = actions.put(actor=self.actor, uid=uid, offset=offset, data=data)
        return Response(shapes.upload_shown(upload))


class UploadFinish(ResidentView):
    @extend_schema(request=None, responses={201: shapes.FileOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """
        传完: 核对摘要、检查内容, 得到文件编号, 随即查毒.

        再次调用得到同一个文件; 被拒绝则 422, 说明原因与办法.
        """
        FINISH.spend(f"account:{self.actor.pk}")
        return Response(shapes.file_shown(actions.finish(actor=self.actor, uid=uid)), status=201)


class FileList(ResidentView):
    parser_classes = (OneFile,)
    most_bytes = shapes.SMALL_BYTES

    @extend_schema(request={"multipart/form-data": shapes.SmallIn}, responses={201: shapes.FileOut})
    def post(self, request: Request) -> Response:
        """一次上传: 不超过 2 MiB 的文件, 一个请求传完."""
        UPLOAD.spend(f"account:{self.actor.pk}")
        told = shapes.small_in(self.read(shapes.SmallIn))
        return Response(shapes.file_shown(actions.take(actor=self.actor, **told)), status=201)


class FileDetail(ResidentView):
    @extend_schema(responses=shapes.FileOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """文件状态: 查毒以后才可用."""
        return Response(shapes.file_shown(queries.file_of(self.actor, uid=uid)))


class FileLink(ResidentView):
    @extend_schema(request=None, responses=shapes.LinkOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """取查看链接: 只能看自己上传的, 一分钟内有效."""
        LOOK.spend(f"account:{self.actor.pk}")
        link = actions.link(actor=self.actor, uid=uid)
        return Response({"token": link.token, "expires_at": link.expires_at})


class FileContent(ResidentView):
    @extend_schema(responses=shapes.BYTES)
    def get(self, request: Request, token: str) -> HttpResponse:
        """查看文件: 链接只对取得它的账号有效, 须带登录凭据."""
        LOOK.spend(f"account:{self.actor.pk}")
        return shapes.shown(actions.read(actor=self.actor, token=token))
