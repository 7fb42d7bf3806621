"""What a job made, on its page: pictures, a player, downloads, links, its prompt; of one that failed, what it was given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from backend import assets, generation, jobs, videos
from backend.assets import AssetCard
from backend.errors import NotFound
from backend.jobs import JobCard
from backend.language import tr, tr_lazy, worded
from studio.gallery.picture_urls import thumbs
from studio.shell.frame import Page
from studio.ui.format import esc, media_url, plain, size

_MOST_FILES = 12
_LINKS = {"loraId": ("models/loras", tr_lazy("Open the LoRA")), "draftId": ("create/texts", tr_lazy("Open the text"))}
"""Key of a result -> the page that shows what it names."""


def job_result(page: Page, card: JobCard) -> None:
    """Draws nothing of a job that has neither made anything nor failed."""
    result = card.result or {}
    asset_ids, prompt, negative = _subject(page, card)
    asset_ids = jobs.result_assets(result) or asset_ids
    with page.transaction() as tx:
        files = assets.get_many(tx, asset_ids[:_MOST_FILES])
    _files(page, [files[asset_id] for asset_id in asset_ids if asset_id in files and files[asset_id].state == "stored"])
    if prompt:
        rows = [tr("**Prompt**: {prompt}", prompt=plain(prompt))]
        if negative:
            rows.append(tr("**Negative prompt**: {prompt}", prompt=plain(negative)))
        st.markdown("  \n".join(rows))
    if text := (result.get("contentPlan") or {}).get("caption"):
        st.markdown(tr("**Text**: {text}", text=plain(text)))
    _links(page, result)
    if card.state == "failed" and card.payload:
        with st.expander(tr("Input"), icon=":material/data_object:"):
            st.code(json.dumps(card.payload, indent=2, ensure_ascii=False), language="json")


def _subject(page: Page, card: JobCard) -> tuple[list[str], str, str]:
    """(Asset ids, prompt, negative prompt) of the pictures or the video that a job is about, as far as they are there."""
    try:
        with page.transaction() as tx:
            if card.subject_noun == "generation":
                recipe = generation.get(tx, card.subject_id).recipe
                pictures = generation.pictures_of(tx, card.subject_id)[:_MOST_FILES]
                return [picture.asset_id for picture in pictures], recipe.prompt, recipe.negative_prompt
            if card.subject_noun == "clip":
                clip = videos.get(tx, card.subject_id)
                shown = clip.asset_id or clip.picture_asset_id
                return [shown] if shown else [], clip.recipe.prompt, clip.recipe.negative_prompt
    except NotFound:
        pass
    return [], "", ""


def _files(page: Page, files: Sequence[AssetCard]) -> None:
    pictures = [file for file in files if file.kind == "image"]
    if pictures:
        side, width = (240, 320) if len(pictures) == 1 else (112, 160)
        thumbs([media_url(page.workspace.id, file.id, w=width) for file in pictures], side=side, alt=tr("Result"))
    for file in files:
        if file.kind == "video":
            _player(page, file)
        elif file.kind != "image":
            name = file.filename or file.key.rpartition("/")[2]
            url = media_url(page.workspace.id, file.id, download=True)
            st.link_button(
                tr("Download {name} ({size})", name=plain(name), size=size(file.size_bytes)),
                url,
                icon=":material/download:",
            )


def _player(page: Page, file: AssetCard) -> None:
    source, poster = media_url(page.workspace.id, file.id), media_url(page.workspace.id, file.id, w=640)
    st.html(
        f'<video src="{esc(source)}" poster="{esc(poster)}" controls muted playsinline preload="metadata" '
        f'aria-label="{esc(tr("Result"))}" '
        'style="max-width:100%;max-height:50vh;background:var(--color-behind-film);border-radius:10px;display:block"></video>'
    )


def _links(page: Page, result: dict[str, Any]) -> None:
    url = str(result.get("url") or "")
    if url.startswith("https://"):
        st.link_button(tr("Open what was published"), url, icon=":material/open_in_new:")
    for key, (page_path, label) in _LINKS.items():
        if result.get(key) and st.button(worded(label), icon=":material/open_in_new:"):
            page.go(page_path, id=str(result[key]))
