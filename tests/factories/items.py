"""Items on their way into the catalogue: who works on them, and drafts at any stage."""

import copy
from typing import Any

from backend.accounts.models import Account
from backend.catalogue.actions import drafting, publishing
from backend.catalogue.models import ServiceItem, VersionDraft
from tests.catalogue.test_definition import PROMISED
from tests.factories import world

DEFINITION: dict[str, Any] = copy.deepcopy(PROMISED)
DEFINITION["steps"][-1]["department"] = "MZ"
DEFINITION["materials"][0]["form"] = "auto_form"  # made from the answers: nothing to bring


def definition(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DEFINITION), **changes}


def staffed() -> dict[str, Account]:
    """Return who writes, signs and publishes, in a city where every step finds somebody."""
    world.a_city()
    for village in (world.VILLAGE, world.OTHER_VILLAGE):
        world.staff("community_worker", "ZD", village)
    for town in (world.TOWN, world.OTHER_TOWN):
        world.staff("town_reviewer", "SW", town)
    world.staff("county_reviewer", "MZ")
    return {
        "editor": world.staff("item_admin", "MZ", world.CITY),
        "second": world.staff("item_admin", "MZ", world.CITY),
        "signer": world.staff("department_head", "MZ", world.CITY),
    }


def an_admitted_item(**changes: Any) -> ServiceItem:
    """Return an item that was admitted and has no version yet."""
    told = {"code": "T-1", "name": "高龄津贴", "theme": "养老服务", "department_code": "MZ"}
    return ServiceItem.objects.create(
        **{**told, "kind": "promised", "level": "county", "search_text": "", **changes}
    )


def a_draft(people: dict[str, Account], **changes: Any) -> VersionDraft:
    """Return a saved draft of an admitted item."""
    item = ServiceItem.objects.filter(code="T-1").first() or an_admitted_item()
    draft = drafting.begin(actor=people["editor"], item_code=item.code)
    draft, _ = drafting.revise(
        actor=people["editor"],
        uid=draft.uid,
        revision=draft.revision,
        definition=definition(**changes),
    )
    return draft


def signed_off(people: dict[str, Account], **changes: Any) -> VersionDraft:
    draft = a_draft(people, **changes)
    drafting.sign_off(actor=people["signer"], uid=draft.uid, revision=draft.revision)
    return draft


def on_trial(people: dict[str, Account], **changes: Any) -> VersionDraft:
    """Return a draft tried out in one town."""
    draft = signed_off(people, **changes)
    return publishing.try_out(
        actor=people["second"], uid=draft.uid, revision=draft.revision, divisions=[world.TOWN]
    )


def published(people: dict[str, Account], **changes: Any) -> VersionDraft:
    draft = on_trial(people, **changes)
    return publishing.publish(actor=people["second"], uid=draft.uid, revision=draft.revision)
