"""What the screen offers is what the action does: every verb, in every state, for every role."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from backend.cases import actions
from backend.cases.models import Case, CaseStep
from backend.cases.queries import possible, possible_clock, possible_supplement, record, scope
from backend.core.errors import DomainError
from backend.organisation import duties
from tests.factories import clocks, world
from tests.factories import supplements as papers

pytestmark = pytest.mark.django_db

ROLES = {
    "worker": ("community_worker", "ZD"),
    "clerk": ("window_clerk", "BM"),
    "reviewer": ("town_reviewer", "SW"),
    "decider": ("county_reviewer", "MZ"),
    "supervisor": ("supervisor", "MZ"),
    "head": ("department_head", "MZ"),
}
# What depends on what is asked for, and not on who asks: the place named is not theirs.
ANSWERED = "not_theirs"
BODIES = {
    "transfer": {"to": world.OTHER_VILLAGE, "reason": "属地有误"},
    "recuse": {"relation": "spouse"},
    "state_kin": {"related": False},
    "decline": {"reason": "不符合条件"},
    "decide": {"outcome": "granted"},
    "pass": {},
    "reject": {"opinion": "不符合条件"},
    "return": {"opinion": "请核实"},
    "suspend": {"reason": "testing", "expected_days": 9},
    "propose_extension": {"days": 1, "reason": "等档案回函"},
    "refuse_extension": {"note": "来得及"},
    "terminate": {"reason": "申请人去世"},
    "request_supplement": {"defects": [papers.PHONE], "late_reason": "复核才发现"},
    "supplement": {"replies": {1: "已交"}},
    "refuse_supplement": {"note": "首次就该看到"},
}
CALLS = {"pass": "pass_step", "reject": "reject_step", "return": "return_step"}
HAND_OVER = world.step("s4", "window_clerk", "BM", "town", phase="delivery", actions=["close"])
FILE = world.step("s5", "window_clerk", "BM", "town", phase="delivery", actions=["close"])


@pytest.fixture
def people():
    return {name: world.staff(role, office) for name, (role, office) in ROLES.items()}


def offered(case, account):
    posts = duties.posts_of(account)
    try:
        case = record.find(account, posts, case.number)
    except scope.CaseNotFound:
        return []
    page = record.page(case, account=account, posts=posts, now=timezone.now())
    return page["verbs"]


def happens(case, account, row):
    """Do the real act and take it back; return the code of the refusal, or nothing."""
    call = getattr(actions, CALLS.get(row["verb"], row["verb"]))
    step = {"step": row["step"]} if row["step"] else {}
    try:
        with transaction.atomic():
            call(actor=account, number=case.number, **step, **BODIES.get(row["verb"], {}))
            transaction.set_rollback(True)
    except DomainError as refusal:
        return "" if refusal.code == ANSWERED else refusal.code
    return ""


def agree(case, people):
    for name, account in people.items():
        for row in offered(case, account):
            assert happens(case, account, row) == row["code"], (name, case.status, row)
            assert row["possible"] == (not row["code"])
            assert bool(row["why"]) == (not row["possible"])


def steps_of(case):
    return set(CaseStep.objects.filter(case=case, state="open").values_list("key", flat=True))


def test_agrees_all_along_a_promised_item(people):
    plan = [world.INTAKE, world.REVIEW, world.DECISION, HAND_OVER, FILE]
    case = world.submitted(version=world.an_item(steps=plan))
    n = case.number
    path = [
        lambda: actions.claim(actor=people["worker"], number=n, step="s1"),
        lambda: actions.accept(actor=people["worker"], number=n),
        lambda: actions.pass_step(actor=people["reviewer"], number=n, step="s2"),
        lambda: actions.return_step(
            actor=people["decider"], number=n, step="s3", opinion="请补入户记录"
        ),
        lambda: actions.pass_step(actor=people["reviewer"], number=n, step="s2"),
        lambda: actions.decide(actor=people["decider"], number=n, outcome="granted"),
        lambda: actions.deliver(actor=people["clerk"], number=n),
        lambda: actions.pass_step(actor=people["clerk"], number=n, step="s4"),
        lambda: actions.conclude(actor=people["clerk"], number=n),
    ]
    agree(case, people)
    for go in path:
        go()
        agree(case, people)
    assert Case.objects.get(pk=case.pk).status == "concluded"


def test_agrees_on_a_refusal(people):
    case = world.submitted()
    actions.accept(actor=people["worker"], number=case.number)
    actions.pass_step(actor=people["reviewer"], number=case.number, step="s2")
    actions.decide(actor=people["decider"], number=case.number, outcome="refused", reason="不符")
    agree(case, people)


def test_agrees_on_an_instant_item(people):
    case = world.submitted(version=world.an_instant_item())
    agree(case, people)
    actions.finish(actor=people["worker"], number=case.number)
    agree(case, people)


def test_agrees_on_an_item_that_asks_about_kin(people):
    case = world.submitted(version=world.an_item(guide={"kin_statement": True}))
    agree(case, people)
    actions.state_kin(actor=people["worker"], number=case.number, related=False)
    agree(case, people)
    assert "kin_not_stated" not in {row["code"] for row in offered(case, people["worker"])}


def test_offers_nothing_to_who_keeps_away(people):
    case = world.submitted()
    actions.recuse(actor=people["worker"], number=case.number, relation="lineal")
    with pytest.raises(scope.Recused):
        offered(case, people["worker"])
    del people["worker"]
    agree(case, people)


def test_agrees_on_parallel_steps(people):
    one = world.step("p1", "county_reviewer", "MZ", "county", group="g")
    two = world.step("p2", "county_reviewer", "CL", "county", group="g")
    case = world.submitted(version=world.an_item(steps=[world.INTAKE, one, two, world.DECISION]))
    people["other"] = world.staff("county_reviewer", "CL")
    actions.accept(actor=people["worker"], number=case.number)
    assert steps_of(case) == {"p1", "p2"}
    agree(case, people)
    actions.reject_step(actor=people["other"], number=case.number, step="p2", opinion="不属实")
    agree(case, people)
    actions.pass_step(actor=people["decider"], number=case.number, step="p1")
    agree(case, people)


def test_agrees_on_notices_of_what_is_missing(people):
    people["town_head"] = world.staff("department_head", "SW")
    case = papers.submitted()
    n, town = case.number, {"actor": people["reviewer"], "number": case.number, "step": "s2"}
    path = [
        lambda: papers.asked(case, people["worker"], papers.PHONE),
        lambda: actions.prolong_supplement(actor=people["clerk"], number=n),
        lambda: papers.mended(case),
        lambda: actions.accept(actor=people["worker"], number=n),
        lambda: actions.request_supplement(
            **town, defects=[papers.PHOTO], late_reason="复核才发现"
        ),
        lambda: actions.refuse_supplement(actor=people["town_head"], number=n, note="不批"),
        lambda: actions.request_supplement(**town, defects=[papers.PHONE], late_reason="又想起"),
        lambda: actions.approve_supplement(actor=people["town_head"], number=n),
        lambda: papers.mended(case),
        lambda: actions.pass_step(**town),
    ]
    agree(case, people)
    for go in path:
        go()
        agree(case, people)


def test_agrees_that_nobody_endorses_what_they_propose(people):
    world.Post.objects.create(
        staff=people["reviewer"].staff, role="department_head", department=world.office("SW"),
        valid_from=world._SINCE,
    )  # fmt: skip
    case = papers.mended(papers.asked(papers.submitted(), people["worker"], papers.PHONE))
    actions.accept(actor=people["worker"], number=case.number)
    actions.request_supplement(
        actor=people["reviewer"], number=case.number, step="s2", defects=[papers.PHOTO],
        late_reason="复核才发现",
    )  # fmt: skip
    agree(case, people)


def test_agrees_while_a_colleague_holds_the_step(people):
    people["colleague"] = world.staff("community_worker", "ZD")
    case = world.submitted()
    actions.claim(actor=people["colleague"], number=case.number, step="s1")
    agree(case, people)


def test_agrees_on_withdrawn_and_declined_cases(people):
    gone, declined = world.submitted(), world.submitted()
    actions.withdraw(actor=gone.submitted_by, number=gone.number)
    actions.decline(actor=people["worker"], number=declined.number, reason="不属于本事项")
    agree(gone, people)
    agree(declined, people)


def test_agrees_on_the_acts_of_the_clock(people, time_machine):
    case = world.submitted(version=clocks.an_item())
    n, town, head = case.number, people["reviewer"], people["head"]
    path = [
        lambda: actions.accept(actor=people["worker"], number=n),
        lambda: clocks.asked(case, town, 9),
        lambda: actions.suspend(actor=town, number=n, step="s2", reason="testing", expected_days=9),
        lambda: actions.resume(actor=town, number=n),
        lambda: actions.extend(actor=head, number=n),
        lambda: clocks.asked(case, town, 1),
        lambda: actions.extend(actor=head, number=n),
        lambda: time_machine.move_to(timezone.now() + timedelta(days=60), tick=False),
    ]
    agree(case, people)
    for go in path:
        go()
        agree(case, people)
    actions.terminate(actor=head, number=n, reason="申请人去世")
    agree(case, people)


def test_agrees_on_a_head_who_asked(people):
    steps = [world.INTAKE, world.DECISION, world.PAY]
    case = clocks.accepted(people["worker"], steps=steps)
    both = people["both"] = world.staff("county_reviewer", "MZ")
    member = both.staff
    member.posts.create(
        role="department_head", department=world.office("MZ"), valid_from="2020-01-01"
    )
    actions.propose_extension(actor=both, number=case.number, step="s3", days=2, reason="等函")
    agree(case, people)


def test_names_every_verb_of_the_table_once():
    assert set(possible.OF_CASE) == {
        "accept", "decline", "finish", "decide", "deliver", "conclude",
    }  # fmt: skip
    assert {*possible_clock.OF_CASE, *possible_clock.OF_STEP} == {
        "suspend", "resume", "extend", "propose_extension", "refuse_extension", "terminate",
    }  # fmt: skip
    assert {*possible_supplement.OF_CASE, *possible_supplement.OF_STEP} == {
        "request_supplement", "supplement", "prolong_supplement", "approve_supplement",
        "refuse_supplement",
    }  # fmt: skip
