"""模拟运行: a draft walked through sample cases; who acts, when each step falls due, the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from uuid import UUID

from backend.cases import simulation, workflow
from backend.catalogue import definition as definitions
from backend.catalogue.actions import drafting
from backend.catalogue.actions.loading import BadDefinition
from backend.catalogue.definition import Definition
from backend.catalogue.queries import drafts
from backend.core.errors import Invalid
from backend.core.workdays import DayKind
from backend.organisation import names
from backend.organisation import queries as organisation
from backend.organisation.duties import HeldPost
from backend.organisation.models import Post


class NowhereToRun(Invalid):
    code, title = "nowhere_to_run", "模拟的区划不存在, 请填写本市的村社区代码"


@dataclass(frozen=True, slots=True)
class Sample:
    """示例办件: what is answered, where, from which day on, and how each step is done."""

    name: str
    division: str
    start_on: date
    answers: Mapping[str, object] = field(default_factory=dict)
    doings: Mapping[str, simulation.Doing] = field(default_factory=dict)
    granted: bool = True


def simulate(
    posts: Sequence[HeldPost], *, uid: UUID, samples: Sequence[Sample], today: date
) -> list[dict[str, Any]]:
    """
    Walk a draft through each sample; nothing is written.

    :raises DraftNotFound: unknown, or out of sight.
    :raises BadDefinition: it cannot work; there is nothing to walk.
    :raises NowhereToRun: a sample's division is none of ours.
    """
    draft = drafts.find(posts, uid)
    checked = drafting.check(draft.item, draft.definition, today=today)
    if checked.faults:
        raise BadDefinition(checked.faults)
    whole = definitions.complete(draft.definition)
    return [_walked(whole, sample) for sample in samples]


def _walked(whole: Definition, sample: Sample) -> dict[str, Any]:
    place = organisation.division_of(sample.division)
    if place is None:
        raise NowhereToRun(division=sample.division)
    territory = organisation.territory_of(place, today=sample.start_on)
    track = workflow.track_of(whole.guide, sample.answers)
    walk = simulation.Walk(
        plan=workflow.plan(whole.steps, sample.answers, days=track.get("days")),
        terms=simulation.Terms(
            promised=int(track.get("promised_days") or whole.version["promised_days"]),
            legal=whole.version["legal_days"],
            kind=cast(DayKind, whole.version["day_kind"]),
        ),
        calendar=organisation.calendar(),
        doings=sample.doings,
        granted=sample.granted,
    ).run(sample.start_on)
    found = organisation.offices(territory)
    return {
        "name": sample.name,
        "outcome": "granted" if sample.granted else "refused",
        "accepted_on": walk.clock.clock_from,
        "promised_due_on": walk.clock.promised_due_on,
        "statutory_due_on": walk.clock.statutory_due_on,
        "provisional": walk.clock.provisional,
        "decided_on": walk.decided_on,
        "ended_on": walk.ended_on,
        "kept": _kept(walk),
        "stops": [
            {"kind": one.kind, "began_on": one.began_on, "ended_on": one.ended_on}
            for one in walk.stops
        ],
        "steps": [_turn(turn, territory, found) for turn in walk.turns],
    }


def _kept(walk: simulation.Walk) -> bool:
    """Say whether the decision would come within the promise."""
    due = walk.clock.promised_due_on
    return bool(walk.decided_on and due and walk.decided_on <= due)


def _turn(
    turn: simulation.Turn,
    territory: organisation.Territory,
    found: Mapping[tuple[str, str], int],
) -> dict[str, Any]:
    step = turn.step
    place = step["place"] if step["place"] != workflow.SYSTEM else "county"
    office = found.get((step.get("department", ""), territory.at(place)))
    role = step["role"]
    return {
        "key": step["key"],
        "name": step["name"],
        "role": Post.Role(role).label if role in Post.Role.values else "系统",
        "office": names.office(office).name if office else "",
        "opened_on": turn.opened_on,
        "due_on": turn.due_on,
        "done_on": turn.done_on,
        "state": turn.state,
        "late": turn.late,
        "provisional": turn.provisional,
    }
