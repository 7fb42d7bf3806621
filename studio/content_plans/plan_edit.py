"""A plan's form: topic, date, and for each channel its text, files and options."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial

import streamlit as st

from backend import assets, channels, content_plans, gallery, influencers, videos, writing
from backend.channels import ChannelCard
from backend.content_plans import PlanCard, PlanDraft, PostCard, PostState, VariantDraft
from backend.gallery import GalleryFilters
from backend.platforms import rules as platforms
from backend.platforms.registry import PLATFORMS
from backend.videos import VideoFilters
from studio.content_plans import plan_fields, unsaved_changes
from studio.content_plans.unsaved_changes import EditedForm
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.notices import toast_errors
from studio.ui.picture_grid import Tile, picture_grid

_SENT_STATES = (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN)
TAKE = 60


def form(page: Page, saved: PlanCard) -> EditedForm:
    """Draws the form and returns what it holds. `saved`: the plan as it is stored now."""
    key, filled = unsaved_changes.fill_form(page, saved)
    card, start = filled.before, filled.start
    frozen = not page.can_edit
    date_frozen = frozen or any(post.state in _SENT_STATES for post in card.posts)
    with page.transaction() as tx:
        channels_by_id = {channel.id: channel for channel in channels.of(tx, card.influencer_id)}
        channel_names = {post.channel_id: post.channel_name for post in card.posts} | {
            id: channel.label for id, channel in channels_by_id.items()
        }
        channels_by_id |= {
            channel_id: channels.get(tx, channel_id) for channel_id in channel_names if channel_id not in channels_by_id
        }
        own_zone = influencers.get(tx, card.influencer_id).time_zone
    zones = list(dict.fromkeys([start.zone or card.zone, card.zone, own_zone, *influencers.time_zones()]))
    topic = st.text_input("Topic", start.topic, max_chars=300, key=f"{key}:first", disabled=frozen)
    left, middle, right = st.columns([2, 1, 2])
    local_time = start.wall
    day = left.date_input(
        "Day", local_time.date() if local_time else None, format="DD/MM/YYYY", key=f"{key}:day", disabled=date_frozen
    )
    clock = middle.time_input(
        "Time", local_time.time() if local_time else time(18), step=300, key=f"{key}:time", disabled=date_frozen
    )
    zone = right.selectbox("Time zone", zones, key=f"{key}:zone", disabled=date_frozen)
    posts_by_channel = {post.channel_id: post for post in card.posts}
    start_variants = {variant.channel_id: variant for variant in start.variants if variant.channel_id in channel_names}
    chosen = st.multiselect(
        "Channels",
        list(channel_names),
        list(start_variants),
        format_func=lambda channel_id: channel_names[channel_id],
        key=f"{key}:channels",
        disabled=frozen,
    )
    variants = []
    if chosen:
        for tab, channel_id in zip(st.tabs([plain(channel_names[channel_id]) for channel_id in chosen]), chosen, strict=True):
            with tab:
                post, first_variant = posts_by_channel.get(channel_id), start_variants.get(channel_id)
                variant = _variant_form(page, card, f"{key}:{channel_id}", channels_by_id[channel_id], post, first_variant)
                variant_frozen = frozen or (
                    channel_id in posts_by_channel and posts_by_channel[channel_id].state in _SENT_STATES
                )
                variants.append(
                    plan_fields.offset_field(f"{key}:{channel_id}", variant, several=len(chosen) > 1, frozen=variant_frozen)
                )
    else:
        st.caption(
            "No channel chosen: it is kept as an idea."
            if channel_names
            else "No channel yet. Connect an account on the Channels page."
        )
    notes = st.text_area("Notes for yourselves", start.notes, max_chars=4000, height=68, key=f"{key}:notes", disabled=frozen)
    if frozen:
        return EditedForm(key, filled, saved, card.draft(), ())
    chosen_time = datetime.combine(day, clock) if isinstance(day, date) and clock else None
    draft = PlanDraft(
        influencer_id=card.influencer_id,
        topic=topic,
        notes=notes,
        wall=chosen_time,
        zone=zone or card.zone,
        variants=tuple(variants),
    )
    changed = content_plans.differences(card.draft(), draft, channel_names)
    return EditedForm(key, filled, saved, draft, changed)


def _variant_form(
    page: Page, card: PlanCard, key: str, channel: ChannelCard, post: PostCard | None, start: VariantDraft | None
) -> VariantDraft:
    """The fields of one channel. `start`: what they begin with, which may be an earlier unsaved edit; None: an empty post."""
    frozen = not page.can_edit or (post is not None and post.state in _SENT_STATES)
    saved = post.draft() if post else VariantDraft(channel_id=channel.id)
    before = (start or saved).model_copy(update={"edits": saved.edits, "cover_id": saved.cover_id})
    limits = PLATFORMS[channel.platform]
    media = _media_picker(page, card, key, before.media, frozen=frozen)
    with page.transaction() as tx:
        assets_by_id = assets.get_many(tx, media)
    files = [assets_by_id[asset_id] for asset_id in media if asset_id in assets_by_id]
    formats = ["", *platforms.formats(channel.platform)]
    left, right = st.columns(2)
    post_format = left.selectbox(
        "Format",
        formats,
        formats.index(before.format),
        format_func=lambda format: format.capitalize() or "What fits",
        key=f"{key}:format",
        disabled=frozen,
    )
    with right:
        privacy = plan_fields.privacy_field(page, key, channel, before.privacy, frozen=frozen)
    title = (
        st.text_input("Title", before.title, max_chars=300, key=f"{key}:title", disabled=frozen)
        if limits.title
        else before.title
    )
    caption_key = unsaved_changes.caption_key(key)
    written = st.session_state.get(f"{key}:text")
    caption = st.text_area(
        "Caption", written.caption if written else before.caption, max_chars=5000, height=120, key=caption_key, disabled=frozen
    )
    tags = st.text_input(
        "Hashtags",
        " ".join(f"#{tag}" for tag in (content_plans.parse_hashtags(written.hashtags) if written else before.hashtags)),
        key=f"{caption_key}:tags",
        disabled=frozen,
    )
    if not frozen:
        _write_button(page, card, key)
    comment = before.first_comment
    if limits.comments:
        comment = st.text_input("First comment", comment, max_chars=2200, key=f"{key}:comment", disabled=frozen)
    alt = {media[0]: written.alt_text, **before.alt_texts} if written and media else before.alt_texts
    alt = plan_fields.alt_text_fields(page, caption_key, files, alt, frozen=frozen)
    options = plan_fields.options_form(page, key, channel, before, files, frozen=frozen)
    draft = before.model_copy(
        update={"format": post_format, "privacy": privacy, "title": title.strip(), "caption": caption.strip()}
    )
    more = {"hashtags": content_plans.parse_hashtags(tags), "media": media, "first_comment": comment.strip(), "alt_texts": alt}
    return draft.model_copy(update={**more, "options": options})


def _write_button(page: Page, card: PlanCard, key: str) -> None:
    """A button that has the text engine write the caption into the form. Nothing is stored before the plan is saved."""
    if st.button(
        "Write it" if not st.session_state.get(f"{key}:text") else "Write another",
        icon=":material/ink_pen:",
        key=f"{key}:write",
    ):
        topic = card.topic or card.title
        with toast_errors(), st.spinner("Writing …"):
            order = writing.WriteOrder(influencer_id=card.influencer_id, topic=topic)
            texts = writing.write_texts(page.app, partial(page.transaction, "editor"), order=order)
            st.session_state[f"{key}:text"] = texts[0].parts
            st.session_state[f"{key}:written"] = st.session_state.get(f"{key}:written", 0) + 1
        st.rerun(scope="fragment" if st.session_state.get("plan:dialog") == card.id else "app")


def _media_picker(page: Page, card: PlanCard, key: str, before: tuple[str, ...], *, frozen: bool) -> tuple[str, ...]:
    """The post's files, to take out or to add to. Returns their asset ids in order."""
    slot = f"{key}:media"
    media: tuple[str, ...] = st.session_state.setdefault(slot, before)
    if media:
        if not frozen:
            st.caption("They go out as JPEG or MP4, without camera data, marked as AI-made.")
        state = picture_grid(
            f"{key}:shown", tiles=[_tile(page, asset_id, "") for asset_id in media], selectable=not frozen, size=90
        )
        if not frozen and state.selected:
            st.button(
                "Take out",
                icon=":material/remove:",
                key=f"{key}:out",
                on_click=_set_media,
                args=(slot, [m for m in media if m not in state.selected]),
            )
    if frozen:
        return media
    with st.popover("Add pictures or videos", icon=":material/add_photo_alternate:"):
        with page.transaction() as tx:
            pictures = gallery.tiles(tx, filters=GalleryFilters(influencer_id=card.influencer_id), take=TAKE).tiles
            clips = videos.page(tx, filters=VideoFilters(influencer_id=card.influencer_id), take=TAKE).cards
        tiles = [_tile(page, picture.asset_id, picture.prompt) for picture in pictures]
        video_tiles = [
            _tile(page, clip.asset_id, f"Video, {clip.frames / max(1, clip.fps):.0f} s") for clip in clips if clip.asset_id
        ]
        if not tiles and not video_tiles:
            st.caption("Nothing yet. Create pictures first, on Create.")
            return media
        picker = picture_grid(
            f"{key}:pick:{len(media)}",
            tiles=[tile for tile in (*video_tiles, *tiles) if tile.id not in media],
            selectable=True,
            size=90,
        )
        combined = [*media, *picker.selected]
        st.button(
            "Add", type="primary", key=f"{key}:add", disabled=not picker.selected, on_click=_set_media, args=(slot, combined)
        )
    return media


def _set_media(slot: str, media: list[str]) -> None:
    st.session_state[slot] = tuple(media)


def _tile(page: Page, asset_id: str, alt_text: str) -> Tile:
    return Tile(
        id=asset_id, src=media_url(page.workspace.id, asset_id, w=160), alt=alt_text or "Picture of this post", caption=""
    )
