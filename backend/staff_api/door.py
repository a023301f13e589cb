"""The staff's door (工作人员端): who may come in, as whom, and on what day."""

from datetime import date
from functools import cached_property

from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from backend.accounts.models import Account
from backend.core.api import DoorView
from backend.organisation import duties
from backend.organisation.duties import HeldPost


class IsStaff(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, Account) and user.kind == Account.Kind.STAFF


class StaffView(DoorView):
    permission_classes = (IsStaff,)

    @property
    def actor(self) -> Account:
        assert isinstance(self.request.user, Account)  # noqa: S101  (IsStaff has run)
        return self.request.user

    @cached_property
    def posts(self) -> list[HeldPost]:
        """The posts held today; one statement a request. The schema generator holds none."""
        return [] if getattr(self, "swagger_fake_view", False) else duties.posts_of(self.actor)

    @property
    def today(self) -> date:
        return timezone.localdate()
