"""移送: a case that came to the wrong place goes to the office that has it, before a decision."""

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import moves
from backend.cases.actions.intake import ReasonMissing
from backend.cases.actions.moves import State, Turn
from backend.cases.models import Case, CaseStep
from backend.core.errors import Conflict, Invalid
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.models import Division
from backend.organisation.queries import Territory


class NotTheirs(Invalid):
    code, title = "not_theirs", "按该事项的属地规则和登记信息, 此件不归该地办理, 请核对后重选"


class AlreadyThere(Conflict):
    code, title = "already_there", "此件本来就由该地办理, 无需移送"


class NoSuchPlace(Invalid):
    code, title = "no_such_place", "没有这个区划, 请从本市的县(区)、乡镇、村(社区)中选择"


def transfer(*, actor: Account, number: str, to: str, reason: str) -> Case:
    """
    移送: hand a case on to the territory that has it by the item's rule; its steps open there.

    The present stage is asked anew in the other place; the case's own clock runs on, for the
    mistake was not the applicant's.

    :param to: division code: the village, town or county whose offices are to act.
    :raises ReasonMissing: no reason; the applicant reads it.
    :raises NotTheirs: hukou or residence on record say otherwise.
    :raises AlreadyThere: the same offices act for that place.
    :raises NoOffice: nobody there could act on it.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if not reason.strip():
            raise ReasonMissing
        row = moves.move(turn, "transfer")
        held = _mine(turn, row.duty)
        place = organisation.division_of(to)
        if place is None:
            raise NoSuchPlace
        territory = organisation.territory_of(place, today=turn.today)
        _allowed(turn, territory)
        steps = turn.case.steps.filter(stage=held.stage)
        round_ = max(steps.values_list("round", flat=True)) + 1
        moves.cancel(turn, turn.case.steps.all())
        _settle_in(turn, territory)
        turn.told[-1][1].update(to_place=place.full_name, why=reason)
        moves.record(turn, "transfer", step=held.key, reason=reason, to=place.code)
        moves.open_stage(turn, held.stage, round_=round_)
    return turn.case


def _mine(turn: Turn, duty: str) -> CaseStep:
    """Return the first open step the actor may act on."""
    refusal: Exception | None = None
    for step in turn.case.steps.filter(state=State.OPEN).order_by("stage", "pk"):
        try:
            moves.may(turn, duty, step)
        except (duties.NotYourDuty, moves.ClaimedByOther, moves.KinNotStated) as no:
            refusal = refusal or no
        else:
            return step
    raise refusal or moves.late(moves.StepNotOpen, turn.case)


def _allowed(turn: Turn, territory: Territory) -> None:
    """Check the item's rule against what is on record; else the office's word counts."""
    case, person = turn.case, turn.case.applicant
    if (territory.county_code, territory.town_code, territory.village_code) == (
        case.county_code,
        case.town_code,
        case.village_code,
    ):
        raise AlreadyThere
    home: Division | None = {
        "hukou": person.hukou_division,
        "residence": person.residence_division,
    }.get(case.version.authority)
    if home is None:
        return
    known = organisation.territory_of(home, today=turn.today)
    if not set(territory.chain()[:1]) & set(known.chain()):
        raise NotTheirs


def _settle_in(turn: Turn, territory: Territory) -> None:
    found = organisation.offices(territory)
    deciding = turn.plan[workflow.decides_at(turn.plan)][0]
    turn.set(
        county_code=territory.county_code,
        town_code=territory.town_code,
        village_code=territory.village_code,
        department_id=moves.office(found, territory, deciding),
    )
