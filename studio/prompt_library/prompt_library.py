"""The Prompts page: templates, wildcards, prompt styles and presets, each edited in place; import and export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from backend import generation, influencers, prompt_library
from backend.errors import StudioError
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.prompt_library import PromptStyleCard, TemplateCard, WildcardCard
from studio.generation.create_form import preset_draft
from studio.prompt_library import empty_tabs
from studio.prompt_library import prompt_library_forms as forms
from studio.shell.frame import Page
from studio.ui.buttons import confirm, icon_button, icon_link, icon_popover
from studio.ui.format import ago, plain

_SETTINGS = {
    "size": tr_lazy("Format"),
    "model": tr_lazy("Model"),
    "steps": tr_lazy("Steps"),
    "cfg": tr_lazy("Guidance (CFG)"),
    "sampler": tr_lazy("Sampler"),
}
"""Labels of a style's settings."""


def prompts(page: Page) -> None:
    names = (tr("Templates"), tr("Wildcards"), tr("Styles"), tr("Presets"), tr("Import and export"))
    for tab, draw in zip(st.tabs(names), (_templates, _wildcards, _styles, _presets, _import_export), strict=True):
        with tab:
            draw(page)


def _templates(page: Page) -> None:
    with page.transaction() as tx:
        cards = prompt_library.templates(tx)
    create = partial(_edit_template, page, None)
    if not cards:
        empty_tabs.show_empty_tab(page, empty_tabs.TEMPLATES, tr("New template"), create)
        return
    _head(page, tr("New template"), tr("A prompt with blanks, filled in on the Create page."), create)
    for card in cards:
        with _row(
            card.name,
            card.prompt,
            " · ".join([tr("version {number}", number=card.version), ago(card.created_at)]),
        ):
            if card.version > 1:
                with icon_popover(tr("Versions"), ":material/history:", key=f"versions:{card.id}"):
                    _versions(page, card)
            _edit_and_delete(
                page,
                card.id,
                partial(_edit_template, page, card),
                card.name,
                prompt_library.delete_template,
                tr("Pictures keep it."),
            )


def _versions(page: Page, card: TemplateCard) -> None:
    with page.transaction() as tx:
        for version in prompt_library.template_versions(tx, card.id):
            st.markdown(f"**{version.version}** · {ago(version.created_at)}")
            st.code(version.prompt, language=None, wrap_lines=True)


def _edit_template(page: Page, card: TemplateCard | None) -> None:
    def fields(key: str) -> Callable[[Any], object]:
        values = forms.template_form(key, card)
        return lambda tx: prompt_library.save_template(
            tx, forms.template_draft(values), template_id=card.id if card else None, version=card.version if card else 0
        )

    _dialog(page, card.name if card else tr("New template"), f"template:{card.id if card else ''}", fields)


def _wildcards(page: Page) -> None:
    with page.transaction() as tx:
        cards = prompt_library.wildcards(tx)
    create = partial(_edit_wildcard, page, None)
    if not cards:
        empty_tabs.show_empty_tab(page, empty_tabs.WILDCARDS, tr("New list"), create)
        return
    sentence = tr("Lists that prompts take a line from: write \\_\\_places\\_\\_ and each picture gets another one.")
    _head(page, tr("New list"), sentence, create)
    for card in cards:
        lines = ", ".join(card.lines[:6]) + (" …" if len(card.lines) > 6 else "")
        with _row(
            f"__{card.name}__",
            lines,
            " · ".join([tr_plural("{n:,} line", "{n:,} lines", len(card.lines)), ago(card.updated_at)]),
        ):
            url = f"/api/recipes/wildcards/{card.id}?workspace={page.workspace.id}"
            icon_link(tr("As a text file"), url, ":material/download:", key=f"download:{card.id}")
            consequence = tr("Prompts that name it can no longer be used; pictures keep their words.")
            _edit_and_delete(
                page, card.id, partial(_edit_wildcard, page, card), card.name, prompt_library.delete_wildcard, consequence
            )


def _edit_wildcard(page: Page, card: WildcardCard | None) -> None:
    def fields(key: str) -> Callable[[Any], object]:
        name, text = forms.wildcard_form(key, card)
        return lambda tx: prompt_library.save_wildcard(
            tx, forms.wildcard_draft(name, text), wildcard_id=card.id if card else None, version=card.version if card else 0
        )

    _dialog(page, card.name if card else tr("New list"), f"wildcard:{card.id if card else ''}", fields)


def _styles(page: Page) -> None:
    with page.transaction() as tx:
        cards = prompt_library.styles(tx, every=True)
    create = partial(_edit_style, page, None)
    if not cards:
        empty_tabs.show_empty_tab(page, empty_tabs.STYLES, tr("New style"), create)
        return
    with page.transaction() as tx:
        influencer_cards = influencers.page(tx, take=200).cards
    names = {influencer.id: influencer.name for influencer in influencer_cards}
    sentence = tr("Words and settings to reuse, chosen on the Create page.")
    _head(page, tr("New style"), sentence, create)
    for card in cards:
        audience = _style_audience(card, names)
        with _row(
            card.name,
            card.prompt or _settings_text(card),
            f"{audience} · {ago(card.updated_at)}",
        ):
            _edit_and_delete(
                page, card.id, partial(_edit_style, page, card), card.name, prompt_library.delete_style, tr("Pictures keep it.")
            )


def _style_audience(card: PromptStyleCard, names: dict[str, str]) -> str:
    """For whom a style is. `names`: of influencers that are not archived, by id."""
    if not card.influencer_id:
        return tr("for everybody")
    name = names.get(card.influencer_id)
    return tr("for {name}", name=plain(name)) if name else tr("for an archived influencer")


def _settings_text(card: PromptStyleCard) -> str:
    values = card.settings.model_dump(exclude_none=True)
    if size := generation.SIZES.get(values.get("size", "")):
        values["size"] = worded(size.title)
    return ", ".join(f"{worded(_SETTINGS[name])}: {value}" for name, value in values.items())


def _edit_style(page: Page, card: PromptStyleCard | None) -> None:
    def fields(key: str) -> Callable[[Any], object]:
        with page.transaction() as tx:
            influencer_cards = influencers.page(tx, take=200).cards
        values = forms.style_form(key, card, influencer_cards, page.app.engines.image.models())
        return lambda tx: prompt_library.save_style(
            tx, forms.style_draft(values), style_id=card.id if card else None, version=card.version if card else 0
        )

    _dialog(page, card.name if card else tr("New style"), f"style:{card.id if card else ''}", fields)


def _presets(page: Page) -> None:
    with page.transaction() as tx:
        cards = prompt_library.presets(tx)
    if not cards:
        empty_tabs.show_no_presets(page)
        return
    st.caption(tr("The whole Create form, saved under a name. Save one there under Presets."))
    for card in cards:
        draft = preset_draft(card)
        text = draft.prompt or tr("no prompt") if draft else tr("from an older form: save it again")
        facts = [tr("yours") if card.is_own else tr("everybody's"), *([tr("the form's default")] if card.is_default else [])]
        with _row(card.name, text, " · ".join([*facts, ago(card.updated_at)])):
            if page.can_edit:
                _delete(page, card.id, card.name, prompt_library.delete_preset, "")


def _import_export(page: Page) -> None:
    st.markdown(tr("**Export**"))
    url = f"/api/recipes/export?workspace={page.workspace.id}"
    st.link_button(tr("Export templates and wildcards"), url, icon=":material/download:")
    if not page.can_edit:
        return
    st.markdown(tr("**Import**"))
    st.caption(
        tr("A file exported here (.json), or text files with one choice per line: each becomes a list named after its file.")
    )
    files = st.file_uploader(
        tr("Files"),
        ["json", "txt"],
        accept_multiple_files=True,
        key="prompts:files",
        max_upload_size=2,
        label_visibility="collapsed",
    )
    if files and st.button(tr("Import"), type="primary", icon=":material/upload:"):
        for file in files:
            with page.guard():
                with page.transaction(needs="editor") as tx:
                    result = prompt_library.import_text(tx, file.name, file.getvalue().decode("utf-8", "replace"))
                st.success(
                    tr(
                        "{name}: {created:,} new, {changed:,} changed, {same:,} the same.",
                        name=plain(file.name),
                        created=result.created,
                        changed=result.changed,
                        same=result.same,
                    )
                )
                for problem in result.problems:
                    st.warning(plain(worded(problem)), icon=":material/warning:")


def _head(page: Page, label: str, sentence: str, open_dialog: Callable[[], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(sentence, width="stretch")
        if page.can_edit and st.button(label, icon=":material/add:"):
            open_dialog()


def _row(name: str, text: str, caption: str) -> Any:
    box = st.container(border=True, horizontal=True, vertical_alignment="center", gap="small")
    with box.container(gap="xxsmall"):
        st.markdown(f"**{plain(name)}**")
        st.caption(plain(text if len(text) <= 200 else text[:199] + "…"))
        st.caption(caption)
    return box


def _edit_and_delete(page: Page, key: str, edit: Callable[[], None], name: str, verb: Any, consequence: str) -> None:
    if not page.can_edit:
        return
    if st.button(tr("Edit"), key=f"edit:{key}", type="tertiary"):
        edit()
    _delete(page, key, name, verb, consequence)


def _delete(page: Page, key: str, name: str, verb: Any, consequence: str) -> None:
    def act() -> None:
        with page.transaction(needs="editor") as tx:
            verb(tx, key)

    if icon_button(
        tr("Delete {name}", name=plain(name)),
        ":material/delete:",
        key=f"delete:{key}",
        help=tr("Delete {name}", name=plain(name)),
    ):
        confirm(
            tr("Delete “{name}”?", name=plain(name)),
            consequence or tr("This cannot be undone."),
            action=tr("Delete it"),
            act=act,
        )


def _dialog(page: Page, title: str, key: str, fields: Callable[[str], Callable[[Any], object]]) -> None:
    """Opens a dialog. `fields` draws its fields and returns what saves them; an error keeps it open with what was typed."""

    @st.dialog(title, width="medium")
    def edit() -> None:
        save = fields(key)
        if st.button(tr("Save"), type="primary", key=f"{key}:save"):
            try:
                with page.transaction(needs="editor") as tx:
                    save(tx)
            except StudioError as error:
                st.error(plain(worded(error.message)), icon=":material/error:")
                return
            for name in [name for name in st.session_state if str(name).startswith(f"{key}:")]:
                del st.session_state[name]
            st.rerun()

    edit()
