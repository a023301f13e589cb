"""What places of the demo city have set themselves (本地设定): invented amounts, one pilot town."""

from backend.accounts.models import Account
from backend.catalogue import actions as catalogue
from backend.catalogue.models import Capability, LocalParam, Rollout, Stage

CITY, YANJIANG, ANYUE = "512000000000", "512002000000", "512021000000"
BAOHE = "512002104000"
# item, parameter, division, value, who, why; amounts are invented, like everybody in the demo
_PARAMS = (
    (
        ("ZY-MZ-001", "elder_allowance", YANJIANG),
        {"80-89": 50, "90-99": 100, "100+": 300},
        ("yanjiang-items", "演示: 区级高龄津贴标准"),
    ),
    (
        ("ZY-WJ-004", "childcare_subsidy", ANYUE),
        4000,
        ("anyue-items", "演示: 县级提高标准"),
    ),
    (
        ("ZY-RS-007", "card_banks", YANJIANG),
        ["工商银行", "农业银行", "建设银行", "农商银行"],
        ("yanjiang-items", "演示: 区内有网点的银行"),
    ),
)


def settle() -> int:
    """Set what is not set yet; return how much that was."""
    made = 0
    for (item, key, division), value, (login, reason) in _PARAMS:
        held = LocalParam.objects.filter(item__code=item, key=key, division__code=division)
        if not held.exists():
            catalogue.set_param(
                actor=Account.objects.get(name=login),
                item_code=item,
                division=division,
                key=key,
                value=value,
                reason=reason,
            )
            made += 1
    return made + _try_booking()


def _try_booking() -> int:
    """预约: closed in the city, on trial in one town."""
    steps = ((CITY, Stage.OFF, "预约尚未上线"), (BAOHE, Stage.PILOT, "先在保和镇试点一个月"))
    made = 0
    for division, stage, reason in steps:
        held = Rollout.objects.filter(
            item=None, division__code=division, capability=Capability.BOOKING
        )
        if not held.exists():
            catalogue.set_rollout(
                actor=Account.objects.get(name="city-items"),
                division=division,
                stage=stage,
                reason=reason,
                capability=Capability.BOOKING,
            )
            made += 1
    return made
