"""The residents' door (居民端): who may come in, and as whom."""

from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from backend.accounts.models import Account
from backend.core.api import DoorView


class IsResident(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return _resident(request) is not None


class ResidentView(DoorView):
    """A page behind the login."""

    permission_classes = (IsResident,)

    @property
    def actor(self) -> Account:
        account = _resident(self.request)
        assert account is not None  # noqa: S101  (IsResident has run)
        return account


class OpenView(DoorView):
    """A page for everybody, which knows a signed-in resident when it sees one."""

    permission_classes = (AllowAny,)

    @property
    def visitor(self) -> Account | None:
        return _resident(self.request)


def _resident(request: Request) -> Account | None:
    user = request.user
    if isinstance(user, Account) and user.kind == Account.Kind.RESIDENT:
        return user
    return None
