"""The results of a request: its pictures as they appear, and the latest requests."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import gallery, generation, jobs
from backend.generation import GenerationCard, PictureCard
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.generation import generation_grid, tile_actions
from studio.identity import identity
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, media_url, plain, state_badge
from studio.ui.picture_grid import Tile, picture_grid
from studio.videos import animate

_FORM_NAMES = {"grid": tr_lazy("Grid"), "list": tr_lazy("List"), "upscale": tr_lazy("Upscale")}
RECENT = 8


def results(page: Page, generation_id: str, *, key: str, reveal: bool = False) -> GenerationCard:
    """Pictures as they appear, with progress above them; returns the request. `reveal`: scrolls them into view."""
    with page.transaction() as tx:
        card = generation.get(tx, generation_id)
        pictures = generation.pictures_of(tx, generation_id)
        job = jobs.get(tx, card.job_id)
        # An edited area leaves the rest of the picture as it was.
        checked = [] if card.recipe.mask_asset_id else [picture.id for picture in pictures]
        near_duplicates = generation.near_duplicates(tx, checked)
    working = follow(page, job, key=key)
    poll_url = f"/api/generations/{generation_id}/pictures?workspace={page.workspace.id}" if working else ""
    if card.grid:
        _grid(page, card, pictures, working, poll_url, key=key)
        return card
    shown = pictures if working or card.form != "pictures" else identity.ranked_by_score(pictures)
    state = picture_grid(
        f"{key}:results:{generation_id}",
        size=_tile_size(card.n),
        ratio=f"{card.recipe.width}/{card.recipe.height}",
        tiles=[picture_tile(page, picture, alike=picture.id in near_duplicates, width=640) for picture in shown],
        on_rated=partial(rate, page) if page.can_edit else None,
        expected=card.n if working else 0,
        poll_url=poll_url,
        workspace=page.workspace.id,
        thumb=640,
        reveal=reveal,
        in_view=card.n <= 4,
        actions=tile_actions.offered(page),
    )
    if state.opened:
        page.go("library/gallery", id=state.opened)
    if state.acted:
        tile_actions.act(page, *state.acted)
    if not working:
        identity.gate_outcome(page, pictures)
        animate.animate_button(page, pictures, key=generation_id)
        if near_duplicates:
            sentence = tr_plural(
                "{n:,} of {all:,} is a near-duplicate.",
                "{n:,} of {all:,} are near-duplicates.",
                len(near_duplicates),
                all=card.n,
            )
            icon = ":material/content_copy:"
            st.caption(f":orange[{icon} {sentence}]")
        st.caption(_facts(card))
    return card


def _grid(page: Page, card: GenerationCard, pictures: list[PictureCard], working: bool, poll_url: str, *, key: str) -> None:
    if opened := generation_grid.grid_cells(page, card, pictures, key=key, poll_url=poll_url):
        page.go("library/gallery", id=opened)
    if not working:
        st.caption(_facts(card))
        generation_grid.export_sheet(page, card)


def _facts(card: GenerationCard) -> str:
    """Streamlit markdown."""
    return f"{_pictures(card.done)} · {state_badge(card.state)} · {plain(card.recipe.prompt)}"


def _pictures(n: int) -> str:
    return tr_plural("{n:,} picture", "{n:,} pictures", n)


def rate(page: Page, picture_ids: list[str], stars: int) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        gallery.rate(tx, picture_ids, stars)


def _tile_size(n: int) -> int:
    """Minimum width of a tile in px: one large, two or four side by side, many small."""
    return 380 if n == 1 else 300 if n in (2, 4) else 200 if n <= 6 else 140


def picture_tile(page: Page, card: PictureCard, *, alike: bool = False, width: int = 320) -> Tile:
    """`alike`: marked as a near-duplicate of an earlier picture. `width`: of its thumbnail in px."""
    src = media_url(page.workspace.id, card.asset_id, w=width)
    marks = identity.badges(card.identity_score, card.identity_line, card.gate) + [(tr("near-duplicate"), "warn")] * alike
    return Tile(
        id=card.id,
        src=src,
        alt=card.prompt,
        rating=card.rating,
        favourite=card.favourite,
        badges=marks,
        dim=card.gate == "rejected",
    )


def recent(page: Page, *, shown_id: str | None) -> None:
    """The latest requests, each as one of its pictures. `shown_id`: the request shown above, which is left out."""
    with page.transaction() as tx:
        requests = generation.latest(tx, influencer_id=page.influencer_id or None, take=RECENT + 1)
        pictures_by_request = {card.id: generation.pictures_of(tx, card.id) for card in requests}
    if not requests:
        empty_state(
            tr("Your pictures appear here"),
            tr("Describe a picture, press the button, and the results appear here one by one."),
            icon=":material/auto_awesome:",
        )
        return
    requests = [card for card in requests if card.id != shown_id][:RECENT]
    tiles = [_request_tile(page, card, pictures) for card in requests if (pictures := pictures_by_request[card.id])]
    if not tiles:
        return
    st.markdown(tr("**Recent**"))
    opened = picture_grid("create:recent", tiles=tiles, size=104 if shown_id else 150).opened
    if opened:
        st.query_params["id"] = opened
        st.rerun()


def _request_tile(page: Page, card: GenerationCard, pictures: list[PictureCard]) -> Tile:
    prompt = card.recipe.asked or card.recipe.prompt
    done_of_all = tr("{done:,} of {all:,}", done=card.done, all=card.n) if card.done < card.n else str(card.n)
    form = [worded(_FORM_NAMES[card.form])] if card.form in _FORM_NAMES else []
    return Tile(
        id=card.id,
        src=media_url(page.workspace.id, pictures[0].asset_id, w=320),
        alt=" · ".join([prompt[:120], *form, _pictures(card.n)]),
        caption=" · ".join([*form, prompt[:60], ago(card.created_at)]),
        badges=[(done_of_all, "")] if card.n > 1 else [],
    )
