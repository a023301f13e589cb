"""Shapes (报文形状) of uploads and files, the same at both doors."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from backend.files.actions import PART_BYTES, Content
from backend.files.models import StoredFile, Upload

SMALL_BYTES = 2 * 1024 * 1024
"""What fits into one call."""
PART_BODY = {
    "application/octet-stream": {"type": "string", "format": "binary"},
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    },
}
BYTES = {(200, "application/octet-stream"): {"type": "string", "format": "binary"}}


@extend_schema_field({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})
class Sha256(serializers.CharField):
    """64 hexadecimal digits on the wire, 32 bytes inside."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            digest = bytes.fromhex(text)
        except ValueError:
            digest = b""
        if len(digest) != 32:
            raise serializers.ValidationError("请填 64 位十六进制的 SHA-256")
        return digest


class StartIn(Serializer[Any]):
    extension = serializers.CharField(max_length=8, help_text="文件扩展名: jpg jpeg png pdf")
    media_type = serializers.CharField(max_length=64, help_text="如 image/jpeg")
    size = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="字节数")
    sha256 = Sha256(help_text="整个文件的 SHA-256, 十六进制")


class UploadOut(Serializer[Any]):
    uid = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Upload.State.choices)
    size = serializers.IntegerField()
    received = serializers.IntegerField(help_text="已收到的字节数, 从这里接着传")
    part_size = serializers.IntegerField(help_text="每段字节数; 最后一段可以小")
    expires_at = serializers.DateTimeField()
    refusal = serializers.CharField(allow_blank=True, help_text="被拒绝时的错误码")
    file = serializers.UUIDField(allow_null=True, help_text="传完后的文件编号")


class PartIn(Serializer[Any]):
    offset = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="这一段的起点")


class SmallIn(Serializer[Any]):
    """一次上传: multipart, 不超过 2 MiB."""

    file = serializers.FileField()
    media_type = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default="", help_text="不填则看扩展名"
    )
    sha256 = Sha256(required=False, help_text="有则核对")


class FileOut(Serializer[Any]):
    uid = serializers.UUIDField()
    state = serializers.ChoiceField(choices=StoredFile.State.choices)
    state_label = serializers.CharField()
    media_type = serializers.ChoiceField(choices=StoredFile.Media.choices)
    size = serializers.IntegerField(help_text="处理后的字节数")
    pages = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()


class LinkOut(Serializer[Any]):
    token = serializers.CharField(help_text="GET …/files/content/{token}, 须带本人的登录凭据")
    expires_at = serializers.DateTimeField(help_text="一分钟内有效")


def upload_shown(upload: Upload) -> dict[str, Any]:
    return {
        "uid": upload.uid,
        "state": upload.state,
        "size": upload.size,
        "received": upload.received,
        "part_size": PART_BYTES,
        "expires_at": upload.expires_at,
        "refusal": upload.refusal,
        "file": upload.file.uid if upload.file else None,
    }


def file_shown(file: StoredFile) -> dict[str, Any]:
    return {
        "uid": file.uid,
        "state": file.state,
        "state_label": StoredFile.State(file.state).label,
        "media_type": file.media_type,
        "size": file.size,
        "pages": file.pages,
        "width": file.width,
        "height": file.height,
        "created_at": file.created_at,
    }


def shown(content: Content) -> HttpResponse:
    """Answer with a file: never kept, never guessed at, never run as a page (ASVS 5.4, 14.3.2)."""
    response = HttpResponse(content.data, content_type=content.media_type)
    response["Content-Disposition"] = f'attachment; filename="{content.name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def part_in(request: Request) -> bytes:
    """
    Return the bytes of a part, raw or as the one file of a form.

    :raises ParseError: no file, or several.
    """
    if isinstance(request.data, bytes):
        return request.data
    sent: list[Any] = list(request.FILES.values())
    if len(sent) != 1:
        raise ParseError("请每次只传一个文件字段")
    return bytes(sent[0].read())


def small_in(told: dict[str, Any]) -> dict[str, Any]:
    """Return what `actions.take` needs of a checked `SmallIn`; of the name, the extension alone."""
    file: UploadedFile[Any] = told["file"]
    extension = (file.name or "").rpartition(".")[2][:8]
    return {
        "extension": extension,
        "media_type": told["media_type"],
        "data": file.read(),
        "sha256": told.get("sha256"),
    }
