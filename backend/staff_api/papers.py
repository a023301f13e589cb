"""办件文书: the papers of a case, and a link to each for a stated purpose."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.queries import papers as queries
from backend.documents import actions as documents
from backend.documents import shapes
from backend.staff_api.door import StaffView


class PurposeIn(serializers.Serializer[Any]):
    purpose = serializers.CharField(label="调阅事由", min_length=2, max_length=64)


class CasePapers(StaffView):
    @extend_schema(responses=shapes.PapersOut)
    def get(self, request: Request, number: str) -> Response:
        """办件的文书清单, 不含内容."""
        rows = queries.of_case(self.actor, number=numbers.read(number), posts=self.posts)
        return Response({"results": rows})


class PaperLink(StaffView):
    @extend_schema(request=PurposeIn, responses=shapes.PaperLinkOut)
    def post(self, request: Request, number: str, uid: UUID) -> Response:
        """调阅文书: 写明事由并留痕, 给出一分钟内有效的下载链接."""
        token = actions.reveal_paper(
            actor=self.actor, number=numbers.read(number), uid=uid, **self.read(PurposeIn)
        )
        return Response(shapes.link("staff/v1", token))


class PaperFile(StaffView):
    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, token: str) -> HttpResponse:
        """凭一分钟内有效的链接下载文书."""
        return shapes.handed(*documents.open_link(account=self.actor, token=token))
