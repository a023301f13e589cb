"""The residents' door (居民端): who may come in, and as whom; pages by key."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.models import Account
from backend.core.api import MOST_PER_PAGE, PAGE_SIZE, DoorView, page, position
from backend.residents import queries as residents
from backend.residents.models import Resident

Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]


class PageIn(serializers.Serializer[Any]):
    after = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=300, help_text="上一页的 next"
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_PER_PAGE, default=PAGE_SIZE
    )


class IsResident(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return _resident(request) is not None


class OpenView(DoorView):
    """A page for everybody, which knows a signed-in resident when it sees one."""

    permission_classes: Sequence[type[BasePermission]] = (AllowAny,)

    @property
    def visitor(self) -> Account | None:
        return _resident(self.request)

    def paged(
        self,
        rows: Callable[..., Pairs],
        query: Mapping[str, Any],
        *,
        parse: Sequence[Callable[[str], Any]],
    ) -> Response:
        """Answer with the page of `rows(after=…, size=…)`, pairs of sort key and row."""
        after = position(query["after"], parse=parse) if query["after"] else None
        size: int = query["limit"]
        shaped = page(rows(after=after, size=size), size, key=lambda pair: pair[0])
        return Response(shaped | {"results": [row for _, row in shaped["results"]]})


class ResidentView(OpenView):
    """A page behind the login."""

    permission_classes = (IsResident,)

    @property
    def actor(self) -> Account:
        account = _resident(self.request)
        assert account is not None  # noqa: S101  (IsResident has run)
        return account

    @property
    def person(self) -> Resident:
        """
        Return the resident the account belongs to.

        :raises RealnameNeeded: nobody is known behind it yet.
        """
        return residents.person_of(self.actor)


def _resident(request: Request) -> Account | None:
    user = request.user
    if isinstance(user, Account) and user.kind == Account.Kind.RESIDENT:
        return user
    return None
