"""离岗交接: posts, account and sessions end; nothing in hand is left to nobody."""

import datetime as dt

import pytest
from django.utils import timezone

from backend.cases import actions
from backend.cases.models import CaseStep, HandOver
from backend.cases.queries import scope
from backend.core.errors import DomainError
from backend.organisation import duties
from backend.organisation.actions import staffing
from backend.organisation.models import Post, StaffMember, StandIn
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import world


def member(account):
    return StaffMember.objects.get(account=account).pk


def left(head, account, to=None):
    to = member(to) if to else None
    return actions.hand_over(actor=head, staff=member(account), reason="调离", to=to)


@pytest.mark.django_db
class TestHandOver:
    @pytest.fixture
    def worker(self):
        return world.staff("community_worker", "ZD")

    @pytest.fixture
    def head(self):
        return world.staff("department_head", "SW")

    def test_ends_post_account_and_every_session(self, client_of, worker, head):
        phone, tablet = client_of(worker), client_of(worker)
        assert phone.get("/api/staff/v1/me").status_code == 200
        left(head, worker)
        for client in (phone, tablet):
            assert client.get("/api/staff/v1/me").status_code == 401
        worker.refresh_from_db()
        assert (worker.is_active, duties.posts_of(worker)) == (False, [])

    def test_gives_what_was_claimed_to_the_named_colleague(self, worker, head):
        colleague, case = world.staff("community_worker", "ZD"), world.submitted()
        actions.claim(actor=worker, number=case.number, step="s1")
        done = left(head, worker, colleague)
        line = done.lines.get()
        assert (line.step.case_id, line.to) == (case.pk, colleague)
        step = case.steps.get()
        assert step.claimed_by == colleague
        assert step.claimed_until > timezone.now()
        assert case.events.filter(verb="hand_over").count() == 1
        note = Notification.objects.get(account=colleague, kind="staff.handed_over")
        assert "1 个环节" in note.body
        assert list(checking.of_cases()) == []

    def test_gives_back_what_the_colleague_may_not_do(self, worker, head):
        elsewhere, case = world.staff("window_clerk", "BM"), world.submitted()
        actions.claim(actor=worker, number=case.number, step="s1")
        assert left(head, worker, elsewhere).lines.get().to is None
        assert case.steps.get().claimed_by is None

    def test_an_old_claim_is_cleared_too(self, worker, head):
        case = world.submitted()
        actions.claim(actor=worker, number=case.number, step="s1")
        CaseStep.objects.update(claimed_until=timezone.now() - dt.timedelta(days=2))
        left(head, worker)
        assert case.steps.get().claimed_by is None
        assert list(checking.of_cases()) == []

    def test_who_arranges_hears_of_an_empty_office(self, worker):
        supervisor, case = world.staff("supervisor", "MZ"), world.submitted()
        actions.claim(actor=worker, number=case.number, step="s1")
        left(supervisor, worker)
        assert Notification.objects.filter(account=supervisor, kind="staff.nobody_left").exists()

    def test_nobody_sends_themselves_or_strangers_off(self, head, worker):
        with pytest.raises(staffing.OwnLeave):
            left(head, head)
        other_town = world.staff("department_head", "SW", world.OTHER_TOWN)
        with pytest.raises(duties.NotYourDuty):
            left(other_town, worker)
        with pytest.raises(duties.NotYourDuty):
            left(worker, head)
        assert not HandOver.objects.exists()

    def test_twice_is_refused(self, head, worker):
        left(head, worker)
        with pytest.raises(staffing.StaffNotFound):
            actions.hand_over(
                actor=head, staff=StaffMember.objects.get(account=worker).pk, reason="调离"
            )


@pytest.mark.django_db
class TestStandIn:
    @pytest.fixture
    def head(self):
        return world.staff("supervisor", "MZ")

    def arranged(self, head, absent, other, days=(0, 3)):
        today = timezone.localdate()
        return staffing.stand_in(
            actor=head,
            post=Post.objects.get(staff__account=absent).pk,
            staff=member(other),
            valid_from=today + dt.timedelta(days=days[0]),
            valid_to=today + dt.timedelta(days=days[1]),
        )

    def test_holds_the_duties_for_its_days_and_says_for_whom(self, head):
        absent = world.staff("county_reviewer", "MZ")
        other = world.staff("county_reviewer", "CL")
        self.arranged(head, absent, other)
        own, stood = duties.posts_of(other)
        assert (own.department_code, own.standing_for) == ("CL", "")
        assert (stood.department_code, stood.standing_for) == ("MZ", f"职员{absent.pk}")
        assert [post.standing_for for post in duties.posts_of(absent)] == [""]

    @pytest.mark.parametrize("days", [(1, 3), (2, 2)])
    def test_not_before_its_first_day(self, head, days):
        absent, other = world.staff("county_reviewer", "MZ"), world.staff("county_reviewer", "CL")
        self.arranged(head, absent, other, days)
        assert len(duties.posts_of(other)) == 1

    def test_ends_at_once_when_told(self, head):
        absent, other = world.staff("county_reviewer", "MZ"), world.staff("county_reviewer", "CL")
        row = self.arranged(head, absent, other)
        staffing.end_stand_in(actor=head, stand_in=row.pk)
        assert len(duties.posts_of(other)) == 1
        with pytest.raises(staffing.StandInNotFound):
            staffing.end_stand_in(actor=head, stand_in=row.pk)

    @pytest.mark.parametrize("days", [(-1, 1), (3, 1), (0, 400)])
    def test_refuses_a_period_that_is_none(self, head, days):
        absent, other = world.staff("county_reviewer", "MZ"), world.staff("county_reviewer", "CL")
        with pytest.raises(staffing.BadPeriod):
            self.arranged(head, absent, other, days)
        with pytest.raises(staffing.StandInSelf):
            self.arranged(head, absent, absent)
        assert not StandIn.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_hand_over_while_the_person_claims_leaves_nothing_in_their_hands(together):
    """Whoever comes second sees what the first did: claimed and then given back, or refused."""
    for _ in range(15):
        worker, head = world.staff("community_worker", "ZD"), world.staff("department_head", "SW")
        cases = [world.submitted() for _ in range(3)]

        def act(i, worker=worker, head=head, cases=cases):
            if i == 0:
                return left(head, worker)
            return actions.claim(actor=worker, number=cases[i - 1].number, step="s1")

        results = together(act, 4)
        assert isinstance(results[0], HandOver), results
        assert not CaseStep.objects.filter(claimed_by=worker, state="open").exists()
    assert list(checking.of_cases()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.unguarded
def test_without_the_lock_on_the_account_work_stays_with_who_has_left(together, monkeypatch):
    """The negative control: a claim that does not hold the account in use slips in behind."""
    monkeypatch.setattr("backend.accounts.actions.still_open", lambda **_: True)
    stuck = 0
    for _ in range(60):
        worker, head = world.staff("community_worker", "ZD"), world.staff("department_head", "SW")
        cases = [world.submitted() for _ in range(5)]

        def act(i, worker=worker, head=head, cases=cases):
            if i == 0:
                return left(head, worker)
            return actions.claim(actor=worker, number=cases[i - 1].number, step="s1")

        together(act, 6)
        stuck += CaseStep.objects.filter(claimed_by=worker, state="open").count()
        if stuck:
            break
    assert stuck


@pytest.mark.django_db(transaction=True)
def test_a_hand_over_while_the_person_decides_is_before_or_after(together):
    for _ in range(10):
        worker, head = world.staff("community_worker", "ZD"), world.staff("department_head", "SW")
        case = world.submitted()
        actions.claim(actor=worker, number=case.number, step="s1")

        def act(i, worker=worker, head=head, case=case):
            if i == 0:
                return left(head, worker)
            return actions.accept(actor=worker, number=case.number)

        gone, accepted = together(act, 2)
        assert isinstance(gone, HandOver), gone
        step = CaseStep.objects.get(case=case, key="s1")
        if isinstance(accepted, DomainError):
            assert isinstance(accepted, scope.CaseNotFound | duties.NotYourDuty)
            assert (step.state, step.claimed_by) == ("open", None)
        else:
            assert step.state == "passed"
    assert list(checking.of_cases()) == []
