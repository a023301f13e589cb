"""
The whole lifecycle × random processes × random verbs by random people on random days.

After every act nothing is out of order, and the events fold to the state; a refusal changes
nothing; and from wherever it has come, every case can be led to an end. `MACHINE=2000 make test
ARGS="tests/cases/test_machine.py"` looks for longer, and differently each time.
"""

import os
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.accounts import actions as accounts
from backend.cases import actions, workflow
from backend.cases.lifecycle import BEFORE, CLOSED, RUNNING, Status
from backend.cases.models import Case, CaseStep, Defect
from backend.cases.queries import resident as page
from backend.core.errors import DomainError
from backend.seeds import checking, drive
from tests import driving
from tests.cases import processes
from tests.factories import supplements as papers
from tests.factories import world

pytestmark = pytest.mark.django_db

LONG = int(os.environ.get("MACHINE", "0"))
LENGTH = int(os.environ.get("MACHINE_STEPS", "30"))
NOTE = {"on": "field", "key": "note", "reason": "missing", "remedy": "请写明"}
WAY = {"on": "field", "key": "way", "reason": "wrong", "remedy": "请重选", "visible_at_first": True}
LINES = [papers.PHONE, papers.PHOTO, NOTE, WAY]
OF_STEP = ["claim", "release", "pass_step", "reject_step", "return_step", "request_supplement",
           "suspend", "propose_extension"]  # fmt: skip
OF_CASE = ["accept", "decline", "decide", "deliver", "conclude", "resume", "finish", "supplement",
           "prolong_supplement", "approve_supplement", "refuse_supplement", "extend",
           "refuse_extension", "terminate", "withdraw", "lapse", "deem_accepted"]  # fmt: skip
# Every way there is must have been gone, or the rules have stopped finding it.
GONE = {"accept", "pass_step", "decide", "conclude", "request_supplement", "supplement", "suspend",
        "resume", "return_step", "reject_step", "propose_extension", "withdraw"}  # fmt: skip
EVERYTHING = " UNION ALL ".join(
    f"SELECT coalesce(json_agg(row ORDER BY id), '[]')::text FROM {table} row WHERE {of}"
    for table, of in [
        ("cases_case", "id = %(case)s"),
        *((f"cases_{name}", "case_id = %(case)s")
          for name in ("casestep", "caseevent", "clockstop", "supplement", "extension",
                       "amendment", "casematerial")),
        ("cases_defect", "supplement_id IN (SELECT id FROM cases_supplement"
         " WHERE case_id = %(case)s)"),
        ("notifications_notification", "case_number = %(number)s"),
    ]
)  # fmt: skip


def rarely(draw, times):
    """Say yes about once in so many times; the middle, since both ends are drawn more often."""
    return draw(st.integers(1, times)) == times // 2


class Life(RuleBasedStateMachine):
    """One applicant, one item, one case after the other."""

    people: ClassVar[dict] = {}
    done: ClassVar[Counter] = Counter()

    def __init__(self):
        super().__init__()
        self.days = time_machine.travel("2026-03-02T09:00:00+08:00", tick=False)
        self.clock = self.days.start()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.case, self.status, self.changed = None, "", False

    def teardown(self):
        try:
            if self.case is not None:
                self.ends()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
            self.days.stop()

    def ends(self):
        """Every path can end: whatever has come about, somebody can lead it to a close."""
        self.pass_days(1)  # leases of claims are over
        outcome = "refused" if self.case.pk % 2 else "granted"
        case = driving.to_the_end(self.fresh(), outcome=outcome, wait=self.wait)
        assert case.status in CLOSED
        self.look(changed=True)
        self.nothing_is_out_of_order()

    # -- time ------------------------------------------------------------------------------------

    def wait(self, day):
        self.clock.move_to(datetime(day.year, day.month, day.day, 1), tick=False)

    def pass_days(self, days):
        self.wait(timezone.localdate() + timedelta(days=days))

    @rule(days=st.sampled_from([1, 2, 5, 9, 30]))
    def days_pass(self, days):
        self.pass_days(days)

    # -- acts ------------------------------------------------------------------------------------

    @initialize(process=processes.definitions())
    def an_item_is_published(self, process):
        self.version = world.an_item(
            steps=process.steps, form=process.form, materials=process.materials,
            guide=process.guide, legal_days=200, promised_days=100,
            day_kind=process.version["day_kind"],
        )  # fmt: skip
        self.applicant = world.a_resident()

    @precondition(lambda self: not self.under_way())
    @rule(home_visit=st.booleans(), way=st.sampled_from("ab"))
    def applies(self, home_visit, way):
        self.case = world.submitted(
            version=self.version, applicant=self.applicant,
            home_visit=home_visit, way=way, phone="13800000001",
        )  # fmt: skip
        self.look(changed=True)

    @precondition(lambda self: self.under_way())
    @rule(data=st.data())
    def something_sensible_is_done(self, data):
        found = self.sensible(self.fresh(), data.draw) or [partial(self.pass_days, 1)]
        data.draw(st.sampled_from(found))()

    @precondition(lambda self: self.under_way())
    @rule(data=st.data())
    def and_something_more(self, data):
        self.something_sensible_is_done(data)

    @precondition(lambda self: self.under_way())
    @rule(outcome=st.sampled_from(["granted", "refused"]))
    def it_comes_on(self, outcome):
        """The next thing that is due, so that lives are long enough to be worth telling."""
        step = driving.next_step(self.case)
        if not (step.claimed_until and step.claimed_until > timezone.now()):
            driving.advance(self.fresh(), outcome=outcome, wait=self.wait)
            self.look(changed=True)

    @precondition(lambda self: self.case is not None)
    @rule(verb=st.sampled_from([*OF_STEP, *OF_CASE]), who=st.integers(0, 50), data=st.data())
    def somebody_tries_something(self, verb, who, data):
        everybody = [*self.people.values(), self.applicant.account, accounts.system_account()]
        keys = [one["key"] for one in self.version.steps]
        step = {"step": data.draw(st.sampled_from(keys))} if verb in OF_STEP else {}
        self.tries(verb, everybody[who % len(everybody)], data.draw, **step)

    def sensible(self, case, draw):
        """Return what may well be done now, each by who holds the duty."""
        found = []
        plan = workflow.plan(case.version.workflow, case.facts)
        for step in self.open_steps():
            if step.role == workflow.SYSTEM:
                found.append(partial(self.rings, step))
                continue
            actor = drive.holder_of(step)
            own = partial(self.tries, actor=actor, draw=draw)
            on_step = partial(own, step=step.key)
            found += {
                Status.SUBMITTED: [partial(own, "accept")],
                Status.ACCEPTED: [
                    *(partial(on_step, verb) for verb in self.reviews(plan, step)),
                    *([partial(own, "decide")] if step.phase == "decision" else []),
                ],
                Status.SUSPENDED: [partial(own, "resume")] * 3,
                Status.DECIDED: [partial(on_step, "pass_step"), partial(own, "deliver")],
                Status.DELIVERED: [partial(own, "conclude")],
            }.get(case.status, [])
            if case.status in (Status.SUBMITTED, Status.ACCEPTED) and workflow.may_correct(
                plan, step.stage, step.key
            ):
                found += [partial(on_step, "request_supplement")] * 2
        return found + self.of_the_whole(case, draw)

    @staticmethod
    def reviews(plan, step):
        yield from ("pass_step", "reject_step", "claim", "release", "propose_extension")
        if workflow.may_return(plan, step.stage, step.key):
            yield from ("return_step", "return_step")
        if workflow.may_suspend(plan, step.stage, step.key):
            yield from ("suspend", "suspend")

    def of_the_whole(self, case, draw):
        by = partial(self.tries, draw=draw)
        applicant, mz = self.applicant.account, self.people["head", "MZ"]
        found = []
        if case.status in (Status.SUPPLEMENTING, Status.AWAITING):
            mends = partial(by, actor=applicant)
            found += [partial(mends, "supplement")] * 4 + [partial(mends, "prolong_supplement")]
            found += [partial(self.runs_out, case, draw)] * rarely(draw, 4)
        if notice := case.supplements.filter(state="proposed").first():
            head = self.people["head", notice.department.code]
            found += [partial(by, "approve_supplement", actor=head)] * 3
            found.append(partial(by, "refuse_supplement", actor=head))
        if case.extensions.filter(state="asked").exists():
            found += [partial(by, "extend", actor=mz)] * 2
            found.append(partial(by, "refuse_extension", actor=mz))
        if case.status in BEFORE | RUNNING and rarely(draw, 20):
            found += [partial(by, "withdraw", actor=applicant), partial(by, "terminate", actor=mz)]
        if case.status == Status.SUBMITTED and rarely(draw, 12):
            found += [partial(self.keeps_silent, draw), partial(self.declines, draw)]
        return found

    def rings(self, step):
        self.done["system"] += actions.run_system_step(step_id=step.pk) is not None
        self.look(changed=True)

    def runs_out(self, case, draw):
        self.wait(case.supplements.get(state="open").due_on + timedelta(days=1))
        self.tries("lapse", accounts.system_account(), draw)

    def declines(self, draw):
        self.tries("decline", drive.holder_of(self.open_steps()[0]), draw)

    def keeps_silent(self, draw):
        self.pass_days(30)
        self.tries("deem_accepted", accounts.system_account(), draw)

    def tries(self, verb, actor, draw, **more):
        before = self.everything()
        try:
            getattr(actions, verb)(
                actor=actor, number=self.case.number, **more, **self.body_of(verb, draw)
            )
        except DomainError:
            assert self.everything() == before, f"{verb} 被拒绝, 却改了东西"
        else:
            self.done[verb] += 1
            self.look(changed=True)

    def body_of(self, verb, draw):
        lines = st.lists(st.sampled_from(LINES), min_size=1, max_size=3, unique_by=id)
        return {
            "reject_step": lambda: {"opinion": "不符"},
            "return_step": lambda: {"opinion": "再核实"},
            "request_supplement": lambda: {"defects": draw(lines), "late_reason": "复核才发现"},
            "suspend": lambda: {"reason": "appraisal", "expected_days": 9},
            "propose_extension": lambda: {"days": draw(st.integers(1, 12)), "reason": "等函"},
            "decline": lambda: {"reason": "不符"},
            "decide": lambda: {"outcome": draw(st.sampled_from(["granted", "refused"])),
                               "reason": "理由"},
            "refuse_supplement": lambda: {"note": "不批"},
            "refuse_extension": lambda: {"note": "不批"},
            "terminate": lambda: {"reason": "申请人去世"},
            "supplement": lambda: self.mending(draw),
        }.get(verb, dict)()  # fmt: skip

    def mending(self, draw):
        """Some of the open lines, in words; or a new value, which may even change the way."""
        lines = Defect.objects.filter(supplement__case=self.case, supplement__state="open")
        seqs = list(lines.values_list("seq", flat=True)) or [1]
        named = {line.key for line in lines if line.on == "field"}
        values = [{}, *({key: value} for key, value in
                        [("phone", "13900000002"), ("way", "b"), ("note", "补充")]
                        if key in named)]  # fmt: skip
        return {
            "replies": dict.fromkeys(draw(st.sampled_from([seqs, seqs[:1], seqs[1:]])), "已补"),
            "answers": draw(st.sampled_from(values)),
            "revision": draw(st.sampled_from([99, 99, 0, None])),
        }

    # -- what holds ------------------------------------------------------------------------------

    @invariant()
    def nothing_is_out_of_order(self):
        if not self.changed:
            return
        self.changed = False
        assert list(checking.of_cases()) == []
        case = self.fresh()
        assert case.status in Status
        shown = page.detail(self.applicant.account, number=case.number, now=timezone.now())
        assert shown["headline"]
        plan = workflow.plan(case.version.workflow, case.facts)
        waited = {
            step.stage for step in self.open_steps()
            if case.status == Status.ACCEPTED and workflow.blocks(plan, step.stage, step.key)
        }  # fmt: skip
        assert len(waited) <= 1, "两个阶段同时在办"

    # -- looks -----------------------------------------------------------------------------------

    def look(self, *, changed):
        self.changed = self.changed or changed
        self.status = Case.objects.values_list("status", flat=True).get(pk=self.case.pk)

    def fresh(self):
        return Case.objects.select_related("item", "version", "applicant").get(pk=self.case.pk)

    def under_way(self):
        return self.case is not None and self.status not in CLOSED

    def open_steps(self):
        return list(CaseStep.objects.filter(case=self.case, state="open").order_by("stage", "pk"))

    def everything(self):
        """All rows about the case, as the database writes them."""
        with connection.cursor() as cursor:
            cursor.execute(EVERYTHING, {"case": self.case.pk, "number": self.case.number})
            return cursor.fetchall()


@pytest.fixture
def people():
    posts = [
        ("community_worker", "ZD"), ("window_clerk", "BM"), ("town_reviewer", "SW"),
        *(("county_reviewer", office) for office in ("MZ", "CL", "GA", "RS")),
    ]  # fmt: skip
    found = {post: world.staff(*post) for post in posts}
    for office in ("ZD", "BM", "SW", "MZ", "CL", "GA", "RS"):
        found["head", office] = world.staff("department_head", office)
    found["colleague", "SW"] = world.staff("town_reviewer", "SW")
    found["stranger", "ZD"] = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    return found


@pytest.mark.slow
def test_no_life_of_a_case_leaves_the_rails(people):
    Life.people = people
    Life.done.clear()
    run_state_machine_as_test(
        Life,
        settings=hypothesis(
            max_examples=LONG or 45,
            stateful_step_count=LENGTH,
            deadline=None,
            derandomize=not LONG,
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Life.done.keys() >= GONE, Life.done
