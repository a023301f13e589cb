"""Kind (通知种类): what one kind of notice is made of; the kinds themselves stand in `kinds`."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `notes` are alternatives for the card's last line, at most 20 characters each."""

    key: str
    title: str
    group: str
    sentences: tuple[str, ...]
    notes: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    status: str = "{status_text}"
    sms: str = ""
    template: str = ""
    lane: str = "rt"
    priority: int = 5
    needs_sms: bool = False
    statutory: bool = False


IN_WRITING = "「{paper}」在这个办件的文书里, 可以查看、下载和打印。"
"""Where an act gives a paper (行政许可法 §32): where it is; left out where it gives none."""
