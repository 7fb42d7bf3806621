"""Create videos: pictures to animate and how, and what became of them beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from backend import assets, gallery, generation, jobs, loras, videos
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.gallery import GalleryFilters
from backend.generation import LoraPick, PictureCard
from backend.language import tr, tr_plural, worded
from backend.videos import VideoDraft, VideoFilters
from studio.content_plans import create_post
from studio.jobs.jobs import ACTIVE
from studio.shell.frame import Page
from studio.ui import form_page, kept_form
from studio.ui.empty_state import empty_state, show_no_models
from studio.ui.form_keys import form_keys
from studio.ui.format import duration, esc, media_url, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.kept_form import Values
from studio.ui.live_jobs import live_jobs
from studio.ui.picture_grid import Tile, picture_grid
from studio.videos.animate import KINDS
from studio.videos.clips import clips
from studio.videos.video_form import VideoChoices, video_form

FORM = "videos"
_ADDRESS = ("pictures", "again")
_OFFERED = 24
_SEEN_AT_ONCE, _OFFER_HEIGHT = 9, 330
"""Pictures, px: more of them scroll by themselves, so that the form below stays near."""
_RECENT = 12
_BADGE_CSS = (
    "position:absolute;top:6px;left:6px;min-width:1.5em;padding:0 0.35em;border-radius:1em;text-align:center;font-size:0.75rem;"
    "line-height:1.5;background:var(--veil-scrim);color:var(--color-on-picture)"
)


def create(page: Page) -> None:
    """The form, as its user left it. ?pictures=<id>,<id> fills it with pictures, ?again=<video> with a video's settings."""
    left, right = form_page.columns()
    with left, page.guard():
        if page.can_edit:
            _form(page)
        else:
            st.info(tr("You can watch the videos here. Ask an owner if you want to make some."), icon=":material/lock:")
    with form_page.results(right):
        _results(page)


def _form(page: Page) -> None:
    models = page.app.engines.motion.models()
    if not models:
        show_no_models(page, page.app.engines.motion.status(), tr("Pictures can be animated"), key="animate")
        return
    address = tuple(st.query_params.get(name, "") for name in _ADDRESS)
    key, start = kept_form.open_form(
        page, FORM, address=address, context="", marker="{key}:movement", fill=partial(_fill, page)
    )
    picture_ids = kept_form.values(page, FORM).get("pictures", [])
    with page.transaction() as tx:
        cards = generation.pictures(tx, picture_ids)
        library = loras.page(tx, take=200).cards
    if picture_ids and not cards:
        st.warning(tr("These pictures were deleted meanwhile. Choose others."), icon=":material/delete:")
    place = st.container()
    shapes = [card.width / card.height for card in cards] or [1.0]
    choices = VideoChoices(models, page.app.engines.image.models(), library, shapes)
    draft = video_form(key, choices, _draft(start))
    kept_form.keep(page, FORM, _values(cards, draft))
    with place:
        chosen_ids = _pictures(page, key, cards, draft)
    texts = {"prompt": (f"{key}:prompt", draft.prompt)}
    submitted = form_keys("videos:keys", workspace=page.workspace.id, form=FORM, texts=texts)
    with form_page.button_bar():
        _start_bar(page, key, chosen_ids, draft, choices, submitted=submitted)


def _fill(page: Page, saved: Values, *, asks: bool) -> Values:
    """Values for this address: the settings stay those used last, prompt and LoRAs are those of the pictures."""
    if not asks:
        return saved
    parameters = st.query_params
    with page.transaction() as tx:
        if clip_id := parameters.get("again"):
            draft = videos.draft_from(tx, clip_id)
            picture_id = videos.get(tx, clip_id).picture_id
            cards = generation.pictures(tx, [picture_id] if picture_id else [])
        else:
            cards = generation.pictures(tx, parameters.get("pictures", "").split(",")[: videos.MAX_PICTURES])
            draft = _with_words(_draft(saved), cards)
    return _values(cards, draft)


def _values(cards: Sequence[PictureCard], draft: VideoDraft) -> Values:
    """As it is kept. The prompt stands by itself, so that a keystroke need not read the rest of the form."""
    return {"pictures": [card.id for card in cards], "draft": draft.model_dump(mode="json"), "prompt": draft.prompt}


def _draft(values: Values) -> VideoDraft:
    try:
        return VideoDraft(**{**values.get("draft", {}), "prompt": values.get("prompt", "")})
    except StudioError:  # kept by an earlier version of the form
        return VideoDraft()


def _with_words(draft: VideoDraft, cards: Sequence[PictureCard]) -> VideoDraft:
    """With the LoRAs of the pictures, and with their prompt where all of them have the same."""
    if not cards:
        return draft
    picks = tuple(LoraPick(lora_id=ref.lora_id, weight=ref.weight) for ref in cards[0].recipe.loras[:8])
    prompt = cards[0].prompt[:2000] if len({card.prompt for card in cards}) == 1 else ""
    return draft.model_copy(update={"prompt": prompt, "loras": picks})


def _pictures(page: Page, key: str, cards: Sequence[PictureCard], draft: VideoDraft) -> list[str]:
    """The pictures with what the video shows of them, or those to choose from; returns ids of the pictures to animate."""
    if not cards:
        _picture_offer(page, key)
        return []
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        chosen_ids = _picture_choice(key, cards)
        st.button(tr("Other pictures"), icon=":material/image_search:", type="tertiary", on_click=_take, args=(page, []))
    _preview(page, cards, chosen_ids, draft)
    return chosen_ids


def _picture_offer(page: Page, key: str) -> None:
    """The latest pictures, to choose one or several."""
    text = st.text_input(tr("Picture to animate"), key=f"{key}:search", placeholder=tr("Search your pictures"))
    with page.transaction() as tx:
        filters = GalleryFilters(text=text or "", influencer_id=page.influencer_id or None)
        offered = gallery.page(tx, filters=filters, take=_OFFERED).pictures
    if not offered:
        st.caption(tr("No pictures found.") if text else tr("No pictures yet. Create one first."))
        return
    tiles = [Tile(id=card.id, src=media_url(page.workspace.id, card.asset_id, w=320), alt=card.prompt) for card in offered]
    with st.container(height=_OFFER_HEIGHT if len(tiles) > _SEEN_AT_ONCE else "content", border=False):
        state = picture_grid(f"{key}:offer", tiles=tiles, size=84, selectable=True)
    if state.opened:
        _take(page, [state.opened])
        st.rerun()
    if state.selected:
        st.button(
            tr_plural("Use {n:,} picture", "Use {n:,} pictures", len(state.selected)),
            on_click=_take,
            args=(page, state.selected),
        )


def _take(page: Page, picture_ids: Sequence[str]) -> None:
    """Fills the form with other pictures; none: to choose anew."""
    with page.transaction() as tx:
        cards = generation.pictures(tx, picture_ids[: videos.MAX_PICTURES])
    draft = _with_words(_draft(kept_form.values(page, FORM)), cards)
    kept_form.fill(page, FORM, _values(cards, draft))


def _picture_choice(key: str, cards: Sequence[PictureCard]) -> list[str]:
    if len(cards) == 1:
        return [cards[0].id]
    numbers = {card.id: str(n) for n, card in enumerate(cards, 1)}
    return st.pills(
        tr("Pictures"),
        list(numbers),
        selection_mode="multi",
        default=list(numbers),
        format_func=numbers.__getitem__,
        key=f"{key}:which",
    )


def _preview(page: Page, cards: Sequence[PictureCard], ids: Sequence[str], draft: VideoDraft) -> None:
    """The part of each picture that the video shows, in the video's shape; several pictures are numbered as in the choice."""
    columns = 1 if len(cards) == 1 else 2 if len(cards) <= 4 else 4 if len(cards) <= 12 else 5
    # A max-height would break the aspect ratio, so the width is limited by the height that is left (less on a phone).
    rows = -(-len(cards) // columns)
    max_height = f"{50 // rows}vh, {100 // (rows + 1)}vw" if rows > 1 else "40vh, 80vw"
    shown, faces = [], _faces(page, cards, draft)
    for n, card in enumerate(cards, 1):
        shape = videos.shape_of(card.width, card.height, draft.format)
        focus = (
            videos.focus_of(faces.get(card.asset_id), card.width, card.height, shape) if draft.focus is None else draft.focus
        )
        object_position = f"{focus * 100:.1f}% {focus * 100:.1f}%"
        opacity = "" if card.id in ids else ";opacity:0.3"
        badge = f'<span style="{_BADGE_CSS}">{n}</span>' if len(cards) > 1 else ""
        shown.append(
            f'<div style="position:relative;width:min(100%, min({max_height}) * {shape:.5f}){opacity}">{badge}'
            f'<img src="{esc(media_url(page.workspace.id, card.asset_id, w=640 if columns < 4 else 320))}" '
            f'alt="{esc(card.prompt)}" style="width:100%;aspect-ratio:{shape:.5f};object-fit:cover;'
            f'object-position:{object_position};border-radius:10px;display:block"></div>'
        )
    style = (
        f"display:grid;gap:6px;justify-items:center;align-items:center;grid-template-columns:repeat({columns}, minmax(0, 1fr))"
    )
    st.html(f'<div style="{style}">{"".join(shown)}</div>')


def _faces(page: Page, cards: Sequence[PictureCard], draft: VideoDraft) -> dict[str, tuple[float, float] | None]:
    """Asset id -> where its face is, of those pictures of which the video keeps that. A picture is looked at once."""
    ids = [card.asset_id for card in cards if draft.focus is None and videos.is_cut(card.width, card.height, draft.format)]
    if not ids:
        return {}
    assets.look_for_faces(page.app, page.caller, ids)
    with page.transaction() as tx:
        return {id: assets.face_of(file) for id, file in assets.get_many(tx, ids).items()}


def _start_bar(page: Page, key: str, ids: list[str], draft: VideoDraft, choices: VideoChoices, *, submitted: bool) -> None:
    """What will be made, and the button. `submitted`: Ctrl+Enter was pressed."""
    if ids:
        try:
            with page.transaction() as tx:
                plan = videos.preview(tx, picture_ids=ids, draft=draft, models=choices.models, checkpoints=choices.checkpoints)
        except StudioError as error:
            st.warning(plain(worded(error.message)), icon=":material/warning:")
            return
        recipe = plan.recipes[0]
        facts = [
            f"{recipe.width} × {recipe.height} px",
            tr("{seconds:.3g} s at {fps} frames a second", seconds=recipe.seconds, fps=recipe.fps),
            *([tr("about {time} to make", time=duration(plan.seconds))] if plan.seconds else []),
        ]
        st.caption(" · ".join(facts))
        if plan.soft:
            warning = (
                tr("Low resolution: upscale first for a sharp video.")
                if len(ids) == 1
                else tr_plural(
                    "{n:,} picture with low resolution: upscale first for a sharp video.",
                    "{n:,} pictures with low resolution: upscale first for a sharp video.",
                    plan.soft,
                )
            )
            st.caption(f":orange[:material/blur_on: {warning}]")
    enabled = bool(ids)
    label = tr_plural("Make {n:,} video", "Make {n:,} videos", len(ids)) if len(ids) > 1 else tr("Make the video")
    pressed = st.button(
        label, type="primary", icon=":material/movie:", width="stretch", disabled=not enabled, help="Ctrl+Enter"
    )
    if not (pressed or (submitted and enabled)):
        return
    with page.transaction(needs="editor") as tx:
        videos.animate(
            tx,
            picture_ids=ids,
            draft=draft,
            models=choices.models,
            checkpoints=choices.checkpoints,
            request_key=request_key(FORM),
        )
    renew_request_key(FORM)


def _results(page: Page) -> None:
    """Videos in the making, and the latest."""
    filters = VideoFilters(influencer_id=page.influencer_id or None)
    with page.transaction() as tx:
        working = jobs.page(tx, states=ACTIVE, kinds=KINDS, take=20).cards
        failed = jobs.page(tx, states=("failed",), kinds=KINDS, take=5, dismissed=False).cards
        latest = videos.page(tx, filters=filters, take=_RECENT)
    if working or failed:
        cards = [*working, *failed]
        live_jobs("videos:live", workspace=page.workspace.id, cards=cards, only_these=True, can_edit=page.can_edit)
    if latest.cards:
        event = clips(
            "videos:recent",
            workspace=page.workspace.id,
            cards=latest.cards,
            next_cursor=latest.next_cursor,
            filters=filters,
            can_edit=page.can_edit,
        )
        if event.for_post:
            create_post.create_post(page, PostSource(video_ids=(event.for_post,)))
        if event.opened:
            page.go("library/videos", id=event.opened)
    elif not working:
        empty_state(
            tr("No videos yet"), tr("A camera move over a picture, or the picture itself in motion."), icon=":material/movie:"
        )
