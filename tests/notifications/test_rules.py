"""The reminder engine …"""

import itertools
import random
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend import clock
from backend.accounts.models import Account
from backend.cases import actions as cases
from backend.cases.queries import applied
from backend.residents.models import Resident, StatusRecord
from notifications import actions, rules
from notifications.actions import loading
from notifications.models import Delivery, Notification, Preference, ReminderRule, RuleRun, Tick
from notifications.rules import SHANGHAI
from tests.factories import world

pytestmark = pytest.mark.django_db
DATA = {
    row["key"]: row
    for row in yaml.safe_load(
        (Path(__file__).parents[2] / "backend/seeds/data/rules.yaml").read_text(encoding="utf-8")
    )
}
LOADED = date(2026, 1, 1)
APPLIED = {"applied": applied.already}


def load(key="R01", **changes):
    return loading.load_rule(data={**DATA[key], **changes}, today=LOADED)


def rule(key="R01", **changes):
    data = {**DATA[key], **changes}
    return rules.read(data, version=1, since=LOADED, until=None)


def at(day, hour=9, minute=5):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def run(moment, **how):
    with time_machine.travel(moment, tick=False):
        return actions.remind(now=moment, unless=APPLIED, **how)


def people(births):
    """Residents of the city with an account each, in bulk."""
    world.a_city()
    home = world.Division.objects.get(code=world.VILLAGE)
    first = Account.objects.count()
    accounts = Account.objects.bulk_create(
        Account(name=f"p{first + i}", kind="resident", password="!") for i in range(len(births))
    )
    return Resident.objects.bulk_create(
        Resident(account=account, birth_on=born, hukou_division=home)
        for account, born in zip(accounts, births, strict=True)
    )


# ── days ────────────────────────────────────────────────────────────────────────────────────

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@given(DAYS, st.integers(0, 60), st.integers(1, 100))
def test_finds_the_birthdays_of_a_window_exactly(first, length, years):
    last = first + timedelta(days=length)
    if first.year - years < 1:
        return
    low, high = rules.born_between(first, last, years)
    for born in (low - timedelta(days=1), low, high, high + timedelta(days=1)):
        inside = first <= rules.anniversary(born, years) <= last
        assert inside == (low <= born <= high)


@pytest.mark.parametrize(
    ("born", "years", "turns"),
    [
        (date(2008, 2, 29), 18, date(2026, 3, 1)),  # 领域说明 §2.17
        (date(1948, 2, 29), 80, date(2028, 2, 29)),
        (date(1946, 11, 23), 80, date(2026, 11, 23)),
        (date(2040, 2, 29), 60, date(2100, 3, 1)),
    ],
)
def test_knows_when_somebody_turns(born, years, turns):
    assert rules.anniversary(born, years) == turns


@pytest.mark.parametrize(
    ("after", "upto", "days"),
    [
        (at(date(2026, 3, 1), 8, 59), at(date(2026, 3, 1), 9, 0), [1]),
        (at(date(2026, 3, 1), 9, 0), at(date(2026, 3, 1), 23, 59), []),
        (at(date(2026, 3, 1), 9, 0), at(date(2026, 3, 2), 8, 59), []),
        (at(date(2026, 3, 1), 9, 0), at(date(2026, 3, 4), 9, 0), [2, 3, 4]),
        (at(date(2025, 12, 30), 9, 0), at(date(2026, 1, 1), 9, 0), []),  # before it was loaded
    ],
)
def test_cuts_windows_at_the_hour_of_the_rule(after, upto, days):
    found = list(rules.occurrences(rule(offsets=[0]), after=after, upto=upto))
    if after.year == 2025:
        assert [(o.first, o.last) for o in found] == [(LOADED, LOADED)]
    elif not days:
        assert found == []
    else:
        assert [(o.first.day, o.last.day) for o in found] == [(days[0], days[-1])]


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_cuts_time_into_windows_without_gap_or_overlap(minutes):
    moments = [at(date(2026, 2, 20))]
    for step in minutes:
        moments.append(moments[-1] + timedelta(minutes=step))
    seen = []
    for after, upto in itertools.pairwise(moments):
        for found in rules.occurrences(rule(offsets=[0]), after=after, upto=upto):
            seen += [
                found.first + timedelta(days=i) for i in range((found.last - found.first).days + 1)
            ]
    whole = list(rules.occurrences(rule(offsets=[0]), after=moments[0], upto=moments[-1]))
    expected = (whole[0].last - whole[0].first).days + 1 if whole else 0
    assert len(seen) == len(set(seen)) == expected


@pytest.mark.parametrize(
    ("hour", "wakes"), [(7, (1, 8)), (8, (1, 8)), (21, (1, 21)), (22, (2, 8)), (0, (1, 8))]
)
def test_is_silent_at_night(hour, wakes):
    wake = rules.waking(at(date(2026, 3, 1), hour, 0)).astimezone(SHANGHAI)
    assert (wake.day, wake.hour) == wakes


# ── rules that run ──────────────────────────────────────────────────────────────────────────


def test_reminds_of_the_eightieth_birthday_three_times():
    load()
    (person,) = people([date(1946, 6, 15)])
    days = []
    for n in range(200):
        day = date(2026, 3, 1) + timedelta(days=n)
        if run(at(day)):
            days.append(day)
    assert days == [date(2026, 4, 16), date(2026, 6, 8), date(2026, 7, 15)]
    notice = Notification.objects.first()
    assert notice.account == person.account
    assert notice.kind == "reminder.R01"
    assert "按您的出生日期推算" in notice.body
    assert "关闭个性化提醒" in notice.body
    step = Delivery.objects.first()
    assert (step.lane, step.notification.template_key) == ("due", "B")
    assert not notice.needs_sms


def test_reminds_of_a_card_that_ends_unless_it_was_renewed():
    load("R09")
    ending, renewed = people([date(1980, 1, 1)] * 2)
    for person in (ending, renewed):
        _card(person, date(2026, 6, 30))
    _card(renewed, date(2036, 6, 30))
    assert run(at(date(2026, 6, 23))) == 1
    notice = Notification.objects.get()
    assert notice.account == ending.account
    assert notice.needs_sms
    assert "2026年6月30日" in notice.body


def _card(person, until):
    return StatusRecord.objects.create(
        resident=person,
        kind="disability_card",
        valid_from=until - timedelta(days=3652),
        valid_to=until,
        source="test",
    )


def test_leaves_alone_who_applied():
    load()
    born = date(1946, 6, 15)
    version = world.an_item(code="ZY-MZ-001")
    applicant = world.a_resident(birth_on=born)
    withdrew = world.a_resident(birth_on=born)
    world.a_resident(birth_on=born)
    with time_machine.travel(at(date(2026, 3, 2)), tick=False):
        world.submitted(version=version, applicant=applicant)
        gone = world.submitted(version=version, applicant=withdrew)
        cases.withdraw(actor=withdrew.account, number=gone.number)
    run(at(date(2026, 6, 8)))
    told = Notification.objects.filter(kind="reminder.R01").values_list("account", flat=True)
    assert applicant.account_id not in told
    assert len(told) == 2
    assert RuleRun.objects.get().dropped == {"applied": 1}


def test_says_for_each_person_why_not():
    load()
    born = date(1946, 6, 15)
    speaks, dead, stranger, private, nobody = people([born] * 5)
    Resident.objects.filter(pk=dead.pk).update(deceased_on=date(2026, 1, 1))
    Resident.objects.filter(pk=stranger.pk).update(hukou_division=None)
    Resident.objects.filter(pk=private.pk).update(personalised=False)
    Resident.objects.filter(pk=nobody.pk).update(account=None)
    found = actions.dry_run(key="R01", on_day=date(2026, 6, 8), unless=APPLIED)
    assert {(f.candidate.resident_id, f.reason) for f in found} == {
        (speaks.pk, ""),
        (private.pk, "not_personalised"),
        (nobody.pk, "no_account"),
    }
    assert not Notification.objects.exists()
    with pytest.raises(actions.RuleNotFound):
        actions.dry_run(key="R01", on_day=date(2025, 6, 8))


def test_speaks_of_sensitive_things_only_to_who_asked():
    load("R30", engine="live")
    asked, silent = people([date(1970, 1, 1)] * 2)
    for person in (asked, silent):
        StatusRecord.objects.create(
            resident=person,
            kind="chronic_disease",
            valid_from=date(2024, 1, 1),
            valid_to=date(2026, 6, 30),
            source="test",
        )
    Preference.objects.create(account=asked.account, kind_group="R30", channel="wechat", is_on=True)
    assert run(at(date(2026, 6, 15))) == 1
    assert Notification.objects.get().account == asked.account


def test_necessary_reminders_do_not_ask_for_personalisation():
    load("R09")
    (person,) = people([date(1980, 1, 1)])
    Resident.objects.update(personalised=False)
    _card(person, date(2026, 6, 30))
    assert run(at(date(2026, 6, 23))) == 1


def test_a_second_run_finds_nothing_new():
    load()
    people([date(1946, 6, 15)] * 20)
    assert run(at(date(2026, 6, 8))) == 20
    assert run(at(date(2026, 6, 8), 9, 15)) == 0
    RuleRun.objects.all().delete()  # and without its memory neither
    assert run(at(date(2026, 6, 8), 9, 25)) == 0


def test_makes_up_for_missed_days():
    load()
    births = [date(1946, 5, 1) + timedelta(days=n) for n in range(120)]
    people(births)
    run(at(date(2026, 6, 1)))
    daily = _told()
    assert run(at(date(2026, 6, 4))) == 9  # three days, three offsets
    assert _told() - daily == {
        (born, offset)
        for born in births
        for offset in (-60, -7, 30)
        if date(2026, 6, 2) <= born.replace(year=2026) + timedelta(days=offset) <= date(2026, 6, 4)
    }


def _told():
    rows = Notification.objects.values_list("account__resident__birth_on", "dedupe_key")
    return {(born, int(key.rpartition(":")[2])) for born, key in rows}


def test_warns_of_no_day_that_is_over():
    load("R09")
    (person,) = people([date(1980, 1, 1)])
    _card(person, date(2026, 6, 30))
    run(at(date(2026, 6, 20)))
    before = Notification.objects.count()
    run(at(date(2026, 7, 4)))  # the clock stood still for two weeks
    assert Notification.objects.count() == before
    assert RuleRun.objects.latest("window_to").dropped == {"too_late": 1}


def test_a_new_version_begins_where_the_old_one_ends():
    load()
    people([date(1946, 6, 15)])
    run(at(date(2026, 6, 1)))
    loading.load_rule(data={**DATA["R01"], "offsets": [-7, 0]}, today=date(2026, 6, 8))
    days = []
    for n in range(60):
        day = date(2026, 6, 2) + timedelta(days=n)
        days += [day] if run(at(day)) else []
    assert days == [date(2026, 6, 8), date(2026, 6, 15)]


def test_waits_for_the_morning():
    load("R01", at="23:30")
    people([date(1946, 6, 15)])
    run(at(date(2026, 6, 8), 23, 40))
    notice = Notification.objects.get()
    assert (notice.state, notice.due_at) == ("planned", at(date(2026, 6, 9), 8, 0))
    assert Delivery.objects.get().next_at == notice.due_at


def test_a_rule_it_cannot_run_leaves_the_others_alone(caplog):
    load("R10", engine="live")  # its `where` asks for more than the engine knows
    load("R01")
    people([date(1946, 6, 15)])
    assert run(at(date(2026, 6, 8))) == 1


def test_planned_rules_and_lights_are_not_run():
    for key in DATA:
        load(key)
    live = set(ReminderRule.objects.filter(engine="live").values_list("key", flat=True))
    assert live == {"R01", "R09", "R37", "R39", "R42"}  # the last three are told by cases
    assert run(at(date(2026, 6, 8))) == 0
    assert not RuleRun.objects.filter(key="R37").exists()


@pytest.mark.django_db(transaction=True)
def test_two_beats_in_one_slot_remind_once(together):
    load()
    people([date(1946, 6, 15)] * 5)
    with time_machine.travel(at(date(2026, 6, 8)), tick=False):
        together(lambda _: clock.remind(), times=6)
    assert Notification.objects.count() == 5
    assert (Tick.objects.count(), RuleRun.objects.count()) == (1, 1)


# ── the oracle ──────────────────────────────────────────────────────────────────────────────


def test_equals_a_brute_force_look_at_everybody():
    """3,000 people, two rules, 120 days run with gaps: as if each were asked about each day."""
    dice = random.Random(20261122)
    load("R01")
    load("R03", engine="live", unless=[], offsets=[0, 3], where={})
    births = [date(1944, 1, 1) + timedelta(days=dice.randrange(1600)) for _ in range(1500)]
    births += [date(1964, 1, 1) + timedelta(days=dice.randrange(1600)) for _ in range(1450)]
    births += [date(1948, 2, 29)] * 25 + [date(1968, 2, 29)] * 25
    everybody = [person.pk for person in people(births)]
    Resident.objects.filter(pk__in=dice.sample(everybody, 150)).update(deceased_on=LOADED)
    Resident.objects.filter(pk__in=dice.sample(everybody, 300)).update(personalised=False)
    Resident.objects.filter(pk__in=dice.sample(everybody, 50)).update(account=None)

    run_days = [date(2028, 1, 20)]
    while run_days[-1] < date(2028, 5, 20):
        run_days.append(run_days[-1] + timedelta(days=dice.choice([1, 1, 1, 2, 3])))
    for day in run_days:
        run(at(day))

    reached = Resident.objects.filter(deceased_on=None, personalised=True, account__isnull=False)
    told = set(Notification.objects.values_list("dedupe_key", flat=True))
    assert told == {key for person in reached for key in _expected(person, run_days)}
    assert any(":20280229:" in key for key in told)
    assert len(told) > 500


def _expected(person, run_days):
    """Yield what one person should have been told, asked offset by offset."""
    for key, years, offsets in (("R01", 80, (-60, -7, 30)), ("R03", 60, (0, 3))):
        turns = _turns(person.birth_on, years)
        for offset in offsets:
            speaks = turns + timedelta(days=offset)
            run_on = next((day for day in run_days if day >= speaks), None)
            if run_on is None or speaks < run_days[0] - timedelta(days=31):
                continue
            late = offset < 0 and run_on > turns
            overtaken = any(o > offset and turns + timedelta(days=o) <= run_on for o in offsets)
            if not late and not overtaken:
                yield f"rule:{key}:{person.pk}:{turns:%Y%m%d}:{offset}"


def _turns(born, years):
    """Count to the birthday day by day."""
    day = date(born.year + years, 1, 1)
    while (day.month, day.day) < (born.month, born.day):
        day += timedelta(days=1)
    return day
