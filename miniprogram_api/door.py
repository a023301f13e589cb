"""The residents' door (居民端): who may come in, and as whom."""

from collections.abc import Sequence

from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from backend.accounts.models import Account
from backend.core.api import DoorView
from backend.residents import queries as residents
from backend.residents.models import Resident


class IsResident(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return _resident(request) is not None


class OpenView(DoorView):
    """A page for everybody, which knows a signed-in resident when it sees one."""

    permission_classes: Sequence[type[BasePermission]] = (AllowAny,)

    @property
    def visitor(self) -> Account | None:
        return _resident(self.request)


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
