"""我的文书: the papers of one's own case, and a link to each."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.queries import papers as queries
from backend.documents import actions as documents
from backend.documents import shapes
from miniprogram_api.door import ResidentView


class CasePapers(ResidentView):
    @extend_schema(responses=shapes.PapersOut)
    def get(self, request: Request, number: str) -> Response:
        """办件的文书: 凭证、通知书、决定书, 新的在前."""
        rows = queries.of_case(self.actor, number=numbers.read(number))
        return Response({"results": rows})


class PaperLink(ResidentView):
    @extend_schema(request=None, responses=shapes.PaperLinkOut)
    def post(self, request: Request, number: str, uid: UUID) -> Response:
        """打开文书: 给出一分钟内有效的下载链接."""
        token = actions.link_paper(actor=self.actor, number=numbers.read(number), uid=uid)
        return Response(shapes.link("v1", token))


class PaperFile(ResidentView):
    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, token: str) -> HttpResponse:
        """凭一分钟内有效的链接下载文书."""
        return shapes.handed(*documents.open_link(account=self.actor, token=token))
