"""Governing (目录治理的演示): an admission under way and a refusal, made as people make them."""

from decimal import Decimal

from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import admissions, procedures, refusals
from backend.catalogue.actions.admissions import Application
from backend.catalogue.actions.refusals import Demand
from backend.catalogue.models import Admission, Refusal

ASKED = Application(
    code="ZY-CL-003",
    name="残疾人辅助器具借用",
    theme="助残服务",
    level="county",
    department_code="CL",
    legal_basis="残疾预防和残疾人康复条例(国务院令第675号)第二十条",
    reason="社区离残疾人最近, 可当场核验身份、登记并发放",
    monthly_cases=120,
    minutes_each=15,
    yearly_funding=Decimal(360000),
    staff_offered=Decimal(2),
    offer_note="每镇街每年4000元工作经费; 县残联各派1名辅具员驻点",
)


def build() -> int:
    """申请准入、审查通过、等联席会议; 一个社区拒办未准入的登记. Return how much is new."""
    made = 0
    if not Admission.objects.filter(code=ASKED.code).exists():
        one = admissions.propose(actor=_who("city-cl-head"), application=ASKED)
        procedures.vet(
            Admission,
            actor=_who("city-mz"),
            uid=one.uid,
            opinion="依据充分, 经费与人员随事项下沉, 工作量可承受, 建议准入",
        )
        made += 1
    worker = _who("qianjin-worker")
    if not Refusal.objects.filter(refused_by=worker).exists():
        demand = Demand(
            asked_by="雁江区某局",
            asked_on=timezone.localdate(),
            work="逐户登记养犬情况并录入该局的系统",
            evidence="该局工作群当天的通知, 没有文号",
        )
        refusals.refuse_work(actor=worker, demand=demand)
        made += 1
    return made


def _who(login: str) -> Account:
    return Account.objects.get(name=login)
