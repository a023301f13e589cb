"""Kinds of papers (文书种类): the title of each, and what it is; who orders it decides when."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of paper. `title` stands at its head, `remark` at its foot."""

    key: str
    title: str
    remark: str = ""


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("receipt", "收件凭证", "收件不等于受理。"),
        Kind("acceptance", "受理通知书"),
        Kind("non_acceptance", "不予受理通知书"),
        Kind("supplement", "补正告知书"),
        Kind("suspension", "特别程序告知书"),
        Kind("extension", "延期告知书"),
        Kind("grant", "准予决定书"),
        Kind("refusal", "不予决定书"),
        Kind("service", "送达回证"),
    )
}
