"""What was drawn with before, at hand beside the form: prompts said, templates, presets."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from backend import prompt_library
from backend.errors import StudioError
from backend.generation import GenerationDraft, TemplatePick
from backend.prompt_library import EarlierPrompt, PresetCard, TemplateCard
from studio.shell.frame import Page
from studio.ui.format import ago, plain
from studio.ui.icon_button import icon_button

_FILL = "create:fill"
_ARRIVALS = ("remix", "seed", "from", "start", "lora", "influencer", "pose", "workflow", "text")
"""Parts of the address that say what the form starts with: when one of them changes, an earlier filling is forgotten."""


def refill(draft: GenerationDraft) -> None:
    """The form begins anew from `draft`."""
    st.session_state[_FILL] = (_arrival(), draft)
    st.session_state["create:round"] = st.session_state.get("create:round", 0) + 1


def filled() -> GenerationDraft | None:
    """What the form was last filled with on this address."""
    arrival, draft = st.session_state.get(_FILL, (None, None))
    return draft if arrival == _arrival() else None


def _arrival() -> tuple[str, ...]:
    return tuple(st.query_params.get(name, "") for name in _ARRIVALS)


def preset_draft(card: PresetCard) -> GenerationDraft | None:
    """None when it was written by a form that had other fields."""
    try:
        return GenerationDraft(**card.draft)
    except StudioError:
        return None


def tools(page: Page, draft: GenerationDraft) -> None:
    """Three popovers in a row. `draft`: the form as it stands."""
    # A new round has new popovers: the one something was chosen in is closed.
    n = st.session_state.get("create:round", 0)
    with st.container(horizontal=True, gap="small"):
        with st.popover("History", icon=":material/history:", type="tertiary", key=f"create:tools:history:{n}"):
            _history(page, draft)
        with st.popover("Templates", icon=":material/edit_note:", type="tertiary", key=f"create:tools:templates:{n}"):
            _templates(page, draft)
        with st.popover("Presets", icon=":material/bookmark:", type="tertiary", key=f"create:tools:presets:{n}"):
            _presets(page, draft)


def _history(page: Page, draft: GenerationDraft) -> None:
    text = st.text_input("Search", key="create:history", placeholder="Search your prompts", label_visibility="collapsed")
    everybody = st.toggle("Everybody's", key="create:history:all")
    with page.transaction() as tx:
        found = prompt_library.earlier_prompts(tx, text=text or "", everybody=everybody, take=12)
    if not found:
        st.caption("Nothing matches." if text else "Prompts you draw with are kept here.")
    for one in found:
        label = one.prompt if len(one.prompt) <= 90 else one.prompt[:89] + "…"
        st.button(plain(label), key=f"say:{one.id}", type="tertiary", help=ago(one.used_at), on_click=_say, args=(draft, one))


def _say(draft: GenerationDraft, one: EarlierPrompt) -> None:
    refill(draft.model_copy(update={"prompt": one.prompt, "negative_prompt": one.negative, "template": None}))


def _templates(page: Page, draft: GenerationDraft) -> None:
    with page.transaction() as tx:
        found = prompt_library.templates(tx)
    if not found:
        st.caption("A template is a prompt with blanks, like portrait of {subject}, {place}.")
    for card in found:
        st.button(
            plain(card.name),
            key=f"template:{card.id}",
            type="tertiary",
            help=plain(card.prompt),
            on_click=_follow,
            args=(draft, card),
        )
    page.link("make/prompts", "Templates and wildcards", icon=":material/arrow_forward:")


def _follow(draft: GenerationDraft, card: TemplateCard) -> None:
    pick = TemplatePick(template_id=card.id, version=card.version)
    refill(draft.model_copy(update={"template": pick, "prompt": ""}))


def following(page: Page, card: TemplateCard, draft: GenerationDraft) -> None:
    """Above the form while it follows a template."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/edit_note: **{plain(card.name)}** · version {card.version}", width="content")
        if card.latest > card.version and not card.deleted:
            st.button("Use the newest", key="create:newest", type="tertiary", on_click=_renew, args=(draft, card))
        st.button("Without it", key="create:untemplate", type="tertiary", on_click=_leave, args=(draft, card))
    st.caption(plain(card.prompt))


def _renew(draft: GenerationDraft, card: TemplateCard) -> None:
    if draft.template:
        refill(draft.model_copy(update={"template": draft.template.model_copy(update={"version": card.latest})}))


def _leave(draft: GenerationDraft, card: TemplateCard) -> None:
    """The words stay, as far as they are filled in."""
    values = draft.template.values if draft.template else {}
    try:
        said = prompt_library.fill_blanks(card.prompt, values)
    except StudioError:
        said = ""
    prompt = ", ".join(part for part in (said, draft.prompt) if part)
    refill(draft.model_copy(update={"template": None, "prompt": prompt[:2000]}))


def _presets(page: Page, draft: GenerationDraft) -> None:
    with page.transaction() as tx:
        found = prompt_library.presets(tx)
    for card in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            said = preset_draft(card)
            st.button(
                plain(card.name) + ("" if card.mine else " :material/groups:"), key=f"preset:{card.id}", type="tertiary",
                disabled=said is None, on_click=refill, args=(said,),
                help="Older than this form: save it again." if said is None else "Everybody's" if not card.mine else None,
            )  # fmt: skip
            if page.can_edit:
                icon_button(
                    "The form starts with it. Press to change that." if card.standard else "Let the form start with it",
                    ":material/star:" if card.standard else ":material/star_outline:", key=f"preset:standard:{card.id}",
                    on_click=_act, args=(page, partial(prompt_library.set_default_preset, on=not card.standard), card.id),
                )  # fmt: skip
                icon_button(
                    f"Delete {plain(card.name)}", ":material/delete:", key=f"preset:delete:{card.id}",
                    on_click=_act, args=(page, prompt_library.delete_preset, card.id),
                )  # fmt: skip
    if not page.can_edit:
        return
    name = st.text_input("Save the form as", key="create:preset", placeholder="Beach portraits", max_chars=60)
    ours = st.toggle("For everybody here", key="create:preset:ours")
    if st.button("Save preset", disabled=not (name or "").strip()):
        values = draft.model_copy(update={"init_asset_id": None, "mask_asset_id": None, "seed": -1}).model_dump(mode="json")
        with page.guard(), page.transaction(needs="editor") as tx:
            prompt_library.save_preset(tx, name=name, draft=values, mine=not ours)
            st.rerun()


def _act(page: Page, verb: Any, preset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        verb(tx, preset_id)
