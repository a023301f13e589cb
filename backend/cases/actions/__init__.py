"""Every write to a case: one function per verb of the lifecycle table, and one per step's act."""

from backend.cases.actions.alerts import alert_lights
from backend.cases.actions.bringing import (
    check_promise,
    hand_in,
    receive_material,
    settle_material,
    tell_refused_papers,
    verify_material,
    witness_material,
)
from backend.cases.actions.bundling import settle_bundle
from backend.cases.actions.checking import check_materials
from backend.cases.actions.decision import conclude, decide, deliver
from backend.cases.actions.deferring import overdue_materials, remind_materials
from backend.cases.actions.delivering import (
    choose_delivery,
    confirm_receipt,
    give_out,
    remind_uncollected,
    renew_pickup,
    reveal_address,
)
from backend.cases.actions.documents import link_paper, reveal_paper
from backend.cases.actions.ending import terminate
from backend.cases.actions.extending import extend, propose_extension, refuse_extension
from backend.cases.actions.handing import hand_over
from backend.cases.actions.intake import accept, decline, finish
from backend.cases.actions.lapsing import lapse, prolong_supplement
from backend.cases.actions.mending import supplement
from backend.cases.actions.recounting import recompute_clocks
from backend.cases.actions.recusing import identify_staff, lift_recusal, recuse, state_kin
from backend.cases.actions.reminding import remind_supplement, tell_overlong
from backend.cases.actions.reveal import open_record, reveal
from backend.cases.actions.review import claim, pass_step, reject_step, release, return_step
from backend.cases.actions.showing import open_material
from backend.cases.actions.silence import deem_accepted, end_silence
from backend.cases.actions.special import resume, suspend
from backend.cases.actions.submission import submit, withdraw
from backend.cases.actions.supplements import (
    approve_supplement,
    refuse_supplement,
    request_supplement,
)
from backend.cases.actions.system import run_system_step
from backend.cases.actions.taking import find_person, open_form, register_person, take, take_instant
from backend.cases.actions.transferring import transfer
from backend.cases.actions.versions import carry_on_moves, propose_move, run_move

__all__ = [
    "accept",
    "alert_lights",
    "approve_supplement",
    "carry_on_moves",
    "check_materials",
    "check_promise",
    "choose_delivery",
    "claim",
    "conclude",
    "confirm_receipt",
    "decide",
    "decline",
    "deem_accepted",
    "deliver",
    "end_silence",
    "extend",
    "find_person",
    "finish",
    "give_out",
    "hand_in",
    "hand_over",
    "identify_staff",
    "lapse",
    "lift_recusal",
    "link_paper",
    "open_form",
    "open_material",
    "open_record",
    "overdue_materials",
    "pass_step",
    "prolong_supplement",
    "propose_extension",
    "propose_move",
    "receive_material",
    "recompute_clocks",
    "recuse",
    "refuse_extension",
    "refuse_supplement",
    "register_person",
    "reject_step",
    "release",
    "remind_materials",
    "remind_supplement",
    "remind_uncollected",
    "renew_pickup",
    "request_supplement",
    "resume",
    "return_step",
    "reveal",
    "reveal_address",
    "reveal_paper",
    "run_move",
    "run_system_step",
    "settle_bundle",
    "settle_material",
    "state_kin",
    "submit",
    "supplement",
    "suspend",
    "take",
    "take_instant",
    "tell_overlong",
    "tell_refused_papers",
    "terminate",
    "transfer",
    "verify_material",
    "withdraw",
    "witness_material",
]
