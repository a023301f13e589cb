"""How a result reaches people: by the way they chose, handed over to whom it belongs."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from backend import clock
from backend.cases import actions, delivering
from backend.cases.actions import delivering as acts
from backend.cases.lifecycle import Status
from backend.cases.models import Delivery
from backend.cases.queries import possible, possible_delivery, record
from backend.core.errors import DomainError
from backend.documents.models import Paper
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db
WAYS = {
    "result": {"kind": "证件", "document": "残疾人证", "delivery": ["窗口", "邮寄", "社区转交"]}
}
HOME = {"name": "李桂花", "phone": "13800000001", "address": "雁江镇前进村二组 8 号"}
GIVE = world.step("s4", "county_reviewer", "MZ", "county", name="发放", phase="delivery",
                  actions=["deliver", "close"])  # fmt: skip
STEPS = [world.INTAKE, world.REVIEW, world.DECISION, GIVE]


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def county():
    return world.staff("county_reviewer", "MZ")


@pytest.fixture
def decided(worker, county):
    town = world.staff("town_reviewer", "SW")

    def make(method="", guide=WAYS, address=None):
        case = world.submitted(version=world.an_item(steps=STEPS, guide=guide))
        actions.accept(actor=worker, number=case.number)
        actions.pass_step(actor=town, number=case.number, step="s2", opinion="属实")
        actions.decide(actor=county, number=case.number, outcome="granted")
        if method:
            actions.choose_delivery(
                actor=case.applicant.account, number=case.number, method=method, address=address
            )
        return case

    return make


@pytest.fixture
def sent(decided, county):
    def make(*args, **kwargs):
        case = decided(*args, **kwargs)
        mail = "EMS123456789CN" if args and args[0] == "mail" else ""
        return actions.deliver(actor=county, number=case.number, mail_number=mail)

    return make


def told(case, kind="case.result_ready"):
    rows = Notification.objects.filter(case_number=case.number, kind=kind)
    return rows.order_by("-pk").first().body


def code_of(case):
    return re.search(r"取件码 (\d{6})", told(case))[1]


def state(case):
    return Delivery.objects.get(case=case).state


def services(case):
    return Paper.objects.filter(subject=case.number, kind="service").count()


@pytest.mark.parametrize(
    ("words", "ways"),
    [
        (["电子", "短信", "社区转交"], ["electronic", "community"]),
        (["窗口", "邮寄", "上门"], ["window", "mail", "community"]),
        (["现金(备用金)"], ["window"]),
        ([], ["electronic"]),
    ],
)
def test_what_an_item_offers_is_read_from_its_result(words, ways):
    assert delivering.offered({"result": {"delivery": words}}) == ways


def test_the_applicant_chooses_until_it_is_sent(decided, county):
    case = decided("window")
    owner = case.applicant.account
    actions.choose_delivery(actor=owner, number=case.number, method="mail", address=HOME)
    row = Delivery.objects.get(case=case)
    assert (row.method, row.state) == ("mail", "chosen")
    assert HOME["address"].encode() not in bytes(row.sealed_address)
    actions.deliver(actor=county, number=case.number, mail_number="EMS1")
    with pytest.raises(acts.DeliveryUnderWay):
        actions.choose_delivery(actor=owner, number=case.number, method="window")


@pytest.mark.parametrize(
    ("method", "address", "refusal"),
    [
        ("electronic", None, acts.MethodNotOffered),
        ("mail", None, acts.AddressMissing),
        ("mail", HOME | {"address": " "}, acts.AddressMissing),
        ("community", None, acts.AddressMissing),
    ],
)
def test_a_choice_that_cannot_work_is_refused(decided, method, address, refusal):
    case = decided()
    with pytest.raises(refusal):
        actions.choose_delivery(
            actor=case.applicant.account, number=case.number, method=method, address=address
        )


def test_the_window_gives_it_for_the_code_alone(sent, county):
    case = sent("window")
    assert (case.status, state(case), services(case)) == (Status.DELIVERED, "waiting", 0)
    code = code_of(case)
    wrong = "000000" if code != "000000" else "000001"
    with pytest.raises(acts.PickupWrong) as refused:
        actions.give_out(actor=county, number=case.number, code=wrong)
    assert refused.value.extra["left"] == 4
    actions.give_out(actor=county, number=case.number, code=code, received_by="proxy")
    row = Delivery.objects.get(case=case)
    assert (row.state, row.received_by, row.handed_by) == ("done", "代领人", county)
    assert services(case) == 1
    with pytest.raises(acts.NothingToCollect):
        actions.give_out(actor=county, number=case.number, code=code)


def test_the_code_is_kept_sealed_and_good_at_its_place_alone(sent):
    case = sent("window")
    row = Delivery.objects.get(case=case)
    assert code_of(case).encode() not in bytes(row.sealed_pickup_code)
    for stranger in (world.staff("window_clerk", "BM"), world.staff("county_reviewer", "CL")):
        with pytest.raises(DomainError) as refused:
            actions.give_out(actor=stranger, number=case.number, code=code_of(case))
        assert refused.value.code in ("not_your_duty", "case_not_found")
    assert state(case) == "waiting"


def test_five_errors_lock_it_until_a_new_code_is_sent(sent, county):
    case = sent("window")
    code = code_of(case)
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(4):
        with pytest.raises(acts.PickupWrong):
            actions.give_out(actor=county, number=case.number, code=wrong)
    for tried in (wrong, code):
        with pytest.raises(acts.PickupLocked):
            actions.give_out(actor=county, number=case.number, code=tried)
    actions.renew_pickup(actor=county, number=case.number)
    actions.give_out(actor=county, number=case.number, code=code_of(case))
    assert state(case) == "done"


def test_the_code_stands_in_the_notice_and_nowhere_else(sent):
    case = sent("window")
    code = code_of(case)
    row = Notification.objects.filter(case_number=case.number, kind="case.result_ready").get()
    assert code in row.params.pop("plain")  # the same notice, in the elders' words
    assert code not in str(row.params)
    assert code not in str([event.details for event in case.events.all()])


def test_by_mail_the_number_is_written_down_and_the_applicant_confirms(decided, county):
    case = decided("mail", address=HOME)
    with pytest.raises(acts.MailNumberMissing):
        actions.deliver(actor=county, number=case.number)
    actions.deliver(actor=county, number=case.number, mail_number=" EMS9 ")
    assert state(case) == "sent"
    assert "EMS9" in told(case)
    actions.confirm_receipt(actor=case.applicant.account, number=case.number)
    actions.confirm_receipt(actor=case.applicant.account, number=case.number)
    assert (state(case), services(case)) == ("done", 1)


def test_the_villages_worker_takes_it_round_against_a_signature(sent, worker):
    case = sent("community", address=HOME)
    assert services(case) == 1, "the paper to be signed goes with it"
    stranger = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    with pytest.raises(DomainError):
        actions.give_out(actor=stranger, number=case.number)
    assert actions.reveal_address(actor=worker, number=case.number, purpose="代送") == HOME
    actions.give_out(actor=worker, number=case.number)
    assert (state(case), services(case)) == ("done", 2)


def test_opening_the_decision_delivers_what_is_sent_electronically(sent):
    case = sent(guide={"result": {"delivery": ["电子"]}})
    owner = case.applicant.account
    assert (Delivery.objects.get(case=case).method, state(case)) == ("electronic", "waiting")
    clock.typeset()
    receipt = Paper.objects.get(subject=case.number, kind="receipt")
    actions.link_paper(actor=owner, number=case.number, uid=receipt.uid)
    assert state(case) == "waiting"
    decision = Paper.objects.get(subject=case.number, kind="grant")
    actions.link_paper(actor=owner, number=case.number, uid=decision.uid)
    assert (state(case), services(case)) == ("done", 1)


def test_what_nobody_fetches_is_said_again_after_a_week_and_once(sent):
    case = sent("window")
    clock.uncollected()
    rows = Notification.objects.filter(case_number=case.number, kind="case.result_waiting")
    assert not rows.exists()
    week = timezone.now() - timedelta(days=7, minutes=1)
    Delivery.objects.filter(case=case).update(ready_at=week)
    clock.uncollected()
    clock.uncollected()
    assert "雁江区民政局" in rows.get().body


def test_the_law_gives_ten_working_days_from_the_decision():
    working = organisation.calendar()
    decided = date(2026, 11, 24)
    last = working.add(decided, 10).day
    assert delivering.due(decided, working) == last
    assert delivering.light(decided, decided, working) == "green"
    assert delivering.light(decided, last, working) == "yellow"
    assert delivering.light(decided, last + timedelta(days=1), working) == "red"


def test_what_is_shown_as_possible_is_what_the_acts_allow(sent, decided, worker, county):
    """The twins agree, for every way, place and state."""
    at = datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Shanghai"))
    people = [worker, county, world.staff("town_reviewer", "SW")]
    locked = sent("window")
    Delivery.objects.filter(case=locked).update(failures=5)
    done = sent("community", address=HOME)
    actions.give_out(actor=worker, number=done.number)
    cases = [locked, done, decided("window"), sent("window"), sent("mail", address=HOME)]
    for case in [*cases, sent("community", address=HOME)]:
        for account in people:
            posts = duties.posts_of(account)
            whole = record.find(account, posts, case.number)
            desk = possible.Desk(account, posts, whole, [], [], at)
            shown = {row["verb"]: row["code"] for row in possible_delivery.verbs(desk)}
            assert shown["give_out"] == refusal(
                lambda a=account, c=case: actions.give_out(actor=a, number=c.number, code="x")
            )


def refusal(act):
    """Return the code an act refuses with, and take it back; a wrong code means it was possible."""
    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)
    except DomainError as refused:
        return "" if refused.code == "pickup_wrong" else refused.code
    return ""


def test_stays_within_twelve_statements(decided, county, django_assert_max_num_queries):
    warm, case = decided("window"), decided("window")
    actions.deliver(actor=county, number=warm.number)
    actions.give_out(actor=county, number=warm.number, code=code_of(warm))
    with django_assert_max_num_queries(14):  # two of them savepoints of the test's transaction
        actions.deliver(actor=county, number=case.number)
    code = code_of(case)
    with django_assert_max_num_queries(14):
        actions.give_out(actor=county, number=case.number, code=code)


@pytest.mark.django_db(transaction=True)
def test_two_windows_at_once_hand_it_over_once(together, sent):
    case = sent("window")
    code = code_of(case)
    desks = [world.staff("county_reviewer", "MZ") for _ in range(6)]
    results = together(lambda i: actions.give_out(actor=desks[i], number=case.number, code=code), 6)
    assert sum(not isinstance(one, DomainError) for one in results) == 1
    assert services(case) == 1
    assert list(checking.of_cases()) == []


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_once_are_counted_one_by_one(together, sent):
    case = sent("window")
    wrong = f"{(int(code_of(case)) + 1) % 1_000_000:06}"
    desks = [world.staff("county_reviewer", "MZ") for _ in range(9)]
    together(lambda i: actions.give_out(actor=desks[i], number=case.number, code=wrong), 9)
    assert Delivery.objects.get(case=case).failures == 5


def test_who_has_no_phone_shows_who_they_are_instead(sent, decided, county):
    """Nobody could have told them a code: the window looks at the identity card."""
    case = decided("window")
    person = case.applicant
    person.account = None
    person.save(update_fields=["account"])
    actions.deliver(actor=county, number=case.number)
    actions.give_out(actor=county, number=case.number)
    assert state(case) == "done"


def test_only_staff_give_out(sent):
    case = sent("window")
    with pytest.raises(NotYourDuty):
        actions.give_out(actor=case.applicant.account, number=case.number, code=code_of(case))
