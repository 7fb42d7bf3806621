"""The inbox in the browser: it acts and reads anew over /api, so that a decision shows at once; Python wakes to open things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.api.routes.inbox import InboxCountsResponse, InboxEntryResponse
from backend.inbox import InboxCounts, InboxEntry
from studio.shell.frame import Page
from studio.ui.browser_component import ignore, load

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """What the user wants to see: `noun` and `id` of an entry, and whose it is ("": nobody's). Of the noun `inbox`, a kind of
    entries."""

    noun: str
    id: str
    influencer_id: str


def inbox_list(
    page: Page,
    entries: Sequence[InboxEntry],
    counts: InboxCounts,
    *,
    key: str,
    most: int = 0,
    kind: str = "all",
    influencer_id: str | None = None,
) -> OpenedEntry | None:
    """Draws the entries, the selected one large, with the keys J K A R E Z. `most`: a short list of so many rows with buttons,
    without keys. `kind`: of entries, chosen at first. `influencer_id`: whose, None: of the top bar.
    Returns the entry just opened, once."""
    data: dict[str, Any] = {
        "workspace": page.workspace.id,
        "influencerId": page.influencer_id if influencer_id is None else influencer_id,
        "canEdit": page.can_edit,
        "most": most,
        "filter": kind,
        "entries": [InboxEntryResponse.model_validate(entry).model_dump(mode="json", by_alias=True) for entry in entries],
        "counts": InboxCountsResponse.model_validate(counts).model_dump(by_alias=True),
    }
    opened = _component(key=key, data=data, on_opened_change=ignore).get("opened")
    return OpenedEntry(str(opened["noun"]), str(opened["id"]), str(opened["influencerId"])) if opened else None
