"""The palette that Search and Ctrl K open on every page: pages, actions, and what the workspace has; and the keys of every
page, with the sheet that `?` shows of them. It is drawn in the browser and asks /api; a choice comes here to open its page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend import accounts
from backend.kit.ids import new_id
from backend.language import tr_lazy, worded
from studio.shell import nav
from studio.ui.browser_component import ignore, load

if TYPE_CHECKING:
    from studio.shell.frame import Page

_component = load(__file__)
_MOST_INFLUENCERS = 200
"""So many get actions of their own, such as “New picture of Nina”; all are found by the search."""
_BY_ID = ("calendar/post", "library/lineage")
"""Pages that show one thing: they are opened from it."""
_FOR_EDITORS = ("influencers/wizard", "library/finish")
_FOR_OPERATORS = ("settings/backups",)
_FOR_EVERYBODY = ("settings/account", "settings/notices")
"""Of sections that people who may only look do not see."""
_ALSO_CALLED = {
    "calendar/calendar": tr_lazy("plan schedule week month"),
    "calendar/automations": tr_lazy("workflow schedule by itself"),
    "create/pictures": tr_lazy("image photo generate"),
    "create/texts": tr_lazy("caption idea write"),
    "library/gallery": tr_lazy("image photo"),
    "library/trash": tr_lazy("bin deleted restore"),
    "models/loras": tr_lazy("face model"),
    "results/results": tr_lazy("statistics analytics followers likes"),
    "settings/workspace": tr_lazy("members people invite team roles"),
    "settings/channels": tr_lazy("accounts Instagram TikTok YouTube connect"),
    "settings/connections": tr_lazy("test platforms engines"),
    "settings/costs": tr_lazy("money budget prices"),
    "settings/jobs": tr_lazy("jobs running queue failed"),
    "settings/system": tr_lazy("version health"),
    "settings/api_keys": tr_lazy("token programs"),
    "settings/audit": tr_lazy("who did what history security"),
    "settings/notices": tr_lazy("e-mail messages digest quiet"),
    "settings/account": tr_lazy("account name password language time zone keys"),
}
"""Page -> words that also find it, beside its title and its section."""


_KEYS_ASKED = "command-palette:keys-asked"


def show_keys() -> None:
    """When the page is drawn next, the sheet of all keys is open."""
    st.session_state[_KEYS_ASKED] = new_id("ask")


def command_palette(page: Page, current: str) -> None:
    """Draws the Search button; opens what was chosen. `current`: the page that is shown."""
    data: dict[str, Any] = {
        "workspace": page.workspace.id,
        "userId": page.user.id,
        "influencerId": page.influencer_id,
        "canEdit": page.can_edit,
        "current": current,
        "pages": pages(can_edit=page.can_edit, is_operator=_is_operator(page)),
        "influencers": list(page.influencer_names.items())[:_MOST_INFLUENCERS],
        "theme": page.user.reading.theme,
        "singleKeys": page.user.reading.single_keys != "off",
        "keysAsked": st.session_state.get(_KEYS_ASKED, ""),
    }
    chosen = _component(key="command-palette", data=data, on_chosen_change=ignore, width="content").get("chosen")
    if chosen:
        _open(page, chosen)


def pages(*, can_edit: bool, is_operator: bool) -> list[tuple[str, str, str, str, str]]:
    """Those that a person may open: file, title, icon, section, what else it is called."""
    sections = {section.name: section for section in nav.SECTIONS}

    def is_offered(file: str, section: nav.Section) -> bool:
        if file in _BY_ID or (file in _FOR_OPERATORS and not is_operator):
            return False
        return can_edit or file in _FOR_EVERYBODY or (section.for_viewers and file not in _FOR_EDITORS)

    return [
        (
            item.file,
            worded(item.title),
            item.icon.removeprefix(":material/").removesuffix(":"),
            worded(sections[item.section].title),
            worded(_ALSO_CALLED.get(item.file, "")),
        )
        for item in nav.ITEMS
        if not item.is_hidden and is_offered(item.file, sections[item.section])
    ]


def _is_operator(page: Page) -> bool:
    """Asked once for each browser tab; the pages of operators ask each time."""
    key = f"_operator:{page.user.id}"
    if key not in st.session_state:
        with page.transaction() as tx:
            st.session_state[key] = accounts.is_operator(tx, page.app.settings, page.user.id)
    return bool(st.session_state[key])


def _open(page: Page, chosen: dict[str, Any]) -> None:
    """`file` and `query`: a page of this workspace; `workspace`: Home of another; `theme`: this person's from now on. A file
    that is no page changes nothing."""
    if workspace_id := chosen.get("workspace"):
        st.switch_page(nav.source("home/home"), query_params={"ws": str(workspace_id)})
    if "theme" in chosen:
        with page.guard():
            with page.transaction() as tx:
                accounts.set_reading(tx, replace(page.user.reading, theme=str(chosen["theme"])))
            st.rerun()
    file = str(chosen.get("file", ""))
    if any(item.file == file for item in nav.ITEMS):
        page.go(file, **{str(name): str(value) for name, value in (chosen.get("query") or {}).items()})
