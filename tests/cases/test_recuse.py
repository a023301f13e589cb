"""回避: declared, decided, or found by the platform; from then on the status and nothing else."""

import uuid

import pytest
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import filing, moves, recusing, taking
from backend.cases.models import Recusal
from backend.cases.queries import record, scope, staff
from backend.organisation import actions as organisation
from backend.organisation import duties
from backend.organisation.models import Post, StaffMember
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def head():
    return world.staff("supervisor", "MZ")


def member(account):
    return StaffMember.objects.get(account=account)


def recused(actor, case, relation="spouse", **more):
    return actions.recuse(actor=actor, number=case.number, relation=relation, **more)


def waiting(account):
    posts = duties.posts_of(account)
    rows = staff.worklist(
        staff.todo_of(posts, account), account=account, now=timezone.now(), size=20
    )
    return [row["number"] for _, row in rows]


def test_keeps_its_owner_away_from_then_on(worker):
    case = world.submitted()
    assert waiting(worker) == [case.number]
    recused(worker, case)
    assert waiting(worker) == []
    with pytest.raises(scope.Recused) as refused:
        actions.accept(actor=worker, number=case.number)
    assert refused.value.extra["state"] == "submitted"
    with pytest.raises(scope.Recused):
        record.find(worker, duties.posts_of(worker), case.number)
    with pytest.raises(scope.Recused):
        actions.reveal(actor=worker, number=case.number, fields=["name"], purpose="看看")
    assert list(checking.of_cases()) == []


def test_gives_back_what_was_claimed_and_a_colleague_goes_on(worker):
    colleague, case = world.staff("community_worker", "ZD"), world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    recused(worker, case)
    assert actions.accept(actor=colleague, number=case.number).status == "accepted"
    assert not Notification.objects.filter(kind="staff.nobody_left").exists()


def test_where_nobody_is_left_supervision_hears_and_a_stand_in_acts(worker, head):
    other = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    case = world.submitted()
    recused(worker, case)
    assert Notification.objects.filter(kind="staff.nobody_left", account=head).count() == 1
    today = timezone.localdate()
    organisation.stand_in(
        actor=head,
        post=Post.objects.get(staff__account=worker).pk,
        staff=member(other).pk,
        valid_from=today,
        valid_to=today,
    )
    actions.accept(actor=other, number=case.number)
    event = case.events.get(verb="accept")
    assert (event.details["as"], event.details["office"]) == ("代岗", "前进村便民服务站")


def test_a_later_step_nobody_can_act_on_is_told_when_it_opens(worker, head):
    reviewer, case = world.staff("town_reviewer", "SW"), world.submitted()
    recused(head, case, staff=member(reviewer).pk)
    assert not Notification.objects.filter(kind="staff.nobody_left").exists()
    actions.accept(actor=worker, number=case.number)
    assert Notification.objects.filter(kind="staff.nobody_left", account=head).count() == 1


def test_supervision_may_decide_it_and_lift_it_for_a_reason(worker, head):
    case = world.submitted()
    recused(head, case, relation="other", staff=member(worker).pk)
    row = Recusal.objects.get()
    assert (row.account, row.found) == (worker, "ordered")
    with pytest.raises(recusing.AlreadyRecused):
        recused(head, case, staff=member(worker).pk)
    actions.lift_recusal(actor=head, number=case.number, recusal=row.pk, reason="核实无关系")
    assert actions.accept(actor=worker, number=case.number).status == "accepted"
    assert [e.verb for e in case.events.order_by("seq")][1:3] == ["recuse", "lift_recusal"]
    assert list(checking.of_cases()) == []


def test_a_colleague_cannot_keep_another_away(worker):
    case, other = world.submitted(), world.staff("community_worker", "ZD")
    with pytest.raises(duties.NotYourDuty):
        recused(worker, case, staff=member(other).pk)
    with pytest.raises(duties.NotYourDuty):
        actions.lift_recusal(actor=worker, number=case.number, recusal=1, reason="无")


class TestFound:
    """What the platform sees by blind indexes alone."""

    FORM = [
        *world.FORM,
        {"key": "family", "label": "家庭成员", "type": "table", "required": False,
         "columns": [{"key": "id_no", "label": "证件号码", "type": "id_no", "required": True}]},
    ]  # fmt: skip

    def known(self, head, account, **changes):
        actions.identify_staff(actor=head, staff=member(account).pk, **changes)

    def test_ones_own_case(self, worker, head):
        person = world.a_resident()
        self.known(head, worker, id_number=person.id_number)
        case = world.submitted(applicant=person)
        row = Recusal.objects.get()
        assert (row.account, row.relation, row.found) == (worker, "self", "system")
        with pytest.raises(scope.Recused):
            actions.accept(actor=worker, number=case.number)
        with pytest.raises(recusing.RecusalStands):
            actions.lift_recusal(actor=head, number=case.number, recusal=row.pk, reason="无妨")
        assert list(checking.of_cases()) == []

    def test_a_family_member_on_the_form(self, worker, head):
        number = world.id_number()
        self.known(head, worker, id_number=number)
        world.submitted(version=world.an_item(form=self.FORM), family=[{"id_no": number}])
        assert Recusal.objects.get().relation == "household"

    def test_the_same_telephone(self, worker, head):
        person = world.a_resident()
        self.known(head, worker, phone=person.phone)
        world.submitted(applicant=person)
        assert Recusal.objects.get().relation == "household"

    def test_strangers_are_left_alone(self, worker, head):
        self.known(head, worker, id_number=world.id_number(), phone="13900000001")
        world.submitted()
        assert not Recusal.objects.exists()

    def test_nobody_takes_their_own_case_in(self, worker, head):
        person, version = world.a_resident(), world.an_item()
        self.known(head, worker, id_number=person.id_number)
        with pytest.raises(filing.OwnApplication):
            actions.take(
                actor=worker,
                person=person.uid,
                item_code=version.item.code,
                answers={"division_code": world.VILLAGE},
                token=uuid.uuid4(),
                how=taking.How("window", "in_person"),
            )


class TestKinStatement:
    """低保经办人员与申请人的近亲属关系须登记备案."""

    @pytest.fixture
    def case(self):
        return world.submitted(version=world.an_item(guide={"kin_statement": True}))

    def test_comes_before_any_act(self, worker, case):
        with pytest.raises(moves.KinNotStated):
            actions.accept(actor=worker, number=case.number)
        actions.state_kin(actor=worker, number=case.number, related=False)
        actions.state_kin(actor=worker, number=case.number, related=False)
        assert actions.accept(actor=worker, number=case.number).status == "accepted"
        assert case.events.filter(verb="state_kin").count() == 1

    def test_who_is_related_keeps_away(self, worker, case):
        with pytest.raises(recusing.RelationUnknown):
            actions.state_kin(actor=worker, number=case.number, related=True)
        actions.state_kin(actor=worker, number=case.number, related=True, relation="lineal")
        with pytest.raises(scope.Recused):
            actions.accept(actor=worker, number=case.number)

    def test_what_was_denied_first_may_be_owned_up_to(self, worker, case):
        actions.state_kin(actor=worker, number=case.number, related=False)
        recused(worker, case, relation="collateral")
        with pytest.raises(scope.Recused):
            actions.accept(actor=worker, number=case.number)
