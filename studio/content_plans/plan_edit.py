"""A plan's form: topic, date, and for each channel its words and pictures; text written anew in the influencer's voice."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial

import streamlit as st

from backend import assets, channels, content_plans, generation, influencers, videos, writing
from backend.channels import ChannelCard
from backend.content_plans import PlanCard, PlanDraft, PostCard, PostState, VariantDraft
from backend.generation import GalleryFilters
from backend.platforms import rules as platforms
from backend.platforms.limits import PLATFORMS
from backend.videos import VideoFilters
from studio.components import gallery
from studio.components.gallery import Tile
from studio.content_plans import plan_fields, plan_offsets, unsaved_changes
from studio.content_plans.unsaved_changes import Edited
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.toasts import toast_errors

_FIXED = (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN)
TAKE = 60


def form(page: Page, now: PlanCard) -> Edited:
    """Everything of the plan, as it stands on the screen. An edit of an approved post sends it back to review where the rules
    want one."""
    key, fill = unsaved_changes.fill(page, now)
    card, start = fill.before, fill.start
    frozen = not page.can_edit
    dated = frozen or any(one.state in _FIXED for one in card.posts)
    with page.transaction() as tx:
        accounts = {one.id: one for one in channels.of(tx, card.influencer_id)}
        known = {**{one.channel_id: one.channel_name for one in card.posts}, **{id: one.label for id, one in accounts.items()}}
        accounts |= {one: channels.get(tx, one) for one in known if one not in accounts}
        own_zone = influencers.get(tx, card.influencer_id).time_zone
    zones = list(dict.fromkeys([start.zone or card.zone, card.zone, own_zone, *influencers.time_zones()]))
    topic = st.text_input("Topic", start.topic, max_chars=300, key=f"{key}:first", disabled=frozen)
    left, middle, right = st.columns([2, 1, 2])
    wall = start.wall
    day = left.date_input("Day", wall.date() if wall else None, format="DD/MM/YYYY", key=f"{key}:day", disabled=dated)
    clock = middle.time_input("Time", wall.time() if wall else time(18), step=300, key=f"{key}:time", disabled=dated)
    zone = right.selectbox("Time zone", zones, key=f"{key}:zone", disabled=dated)
    there = {one.channel_id: one for one in card.posts}
    begin = {one.channel_id: one for one in start.variants if one.channel_id in known}
    chosen = st.multiselect(
        "Channels", list(known), list(begin), format_func=lambda one: known[one], key=f"{key}:channels", disabled=frozen
    )
    variants = []
    if chosen:
        for tab, channel_id in zip(st.tabs([plain(known[one]) for one in chosen]), chosen, strict=True):
            with tab:
                post, first = there.get(channel_id), begin.get(channel_id)
                one = _variant(page, card, f"{key}:{channel_id}", accounts[channel_id], post, first)
                fixed = frozen or (channel_id in there and there[channel_id].state in _FIXED)
                variants.append(plan_offsets.later(f"{key}:{channel_id}", one, several=len(chosen) > 1, frozen=fixed))
    else:
        st.caption(
            "No channel chosen: it is kept as an idea." if known else "No channel yet. Connect an account on the Channels page."
        )
    notes = st.text_area("Notes for yourselves", start.notes, max_chars=4000, height=68, key=f"{key}:notes", disabled=frozen)
    if frozen:
        return Edited(key, fill, now, card.draft(), ())
    at = datetime.combine(day, clock) if isinstance(day, date) and clock else None
    draft = PlanDraft(
        influencer_id=card.influencer_id, topic=topic, notes=notes, wall=at, zone=zone or card.zone, variants=tuple(variants)
    )
    changed = content_plans.differences(card.draft(), draft, known)
    return Edited(key, fill, now, draft, changed)


def _variant(
    page: Page, card: PlanCard, key: str, channel: ChannelCard, post: PostCard | None, start: VariantDraft | None
) -> VariantDraft:
    """`start`: what its fields begin with, which may be what was typed earlier."""
    frozen = not page.can_edit or (post is not None and post.state in _FIXED)
    saved = post.draft() if post else VariantDraft(channel_id=channel.id)
    before = (start or saved).model_copy(update={"edits": saved.edits, "cover_id": saved.cover_id})
    limits = PLATFORMS[channel.platform]
    media = _media(page, card, key, before.media, frozen=frozen)
    with page.transaction() as tx:
        there = assets.get_many(tx, media)
    files = [there[one] for one in media if one in there]
    formats = ["", *platforms.formats(channel.platform)]
    left, right = st.columns(2)
    kind = left.selectbox(
        "Format",
        formats,
        formats.index(before.format),
        format_func=lambda one: one.capitalize() or "What fits",
        key=f"{key}:format",
        disabled=frozen,
    )
    with right:
        privacy = plan_fields.privacy(page, key, channel, before.privacy, frozen=frozen)
    title = (
        st.text_input("Title", before.title, max_chars=300, key=f"{key}:title", disabled=frozen)
        if limits.title
        else before.title
    )
    words_key = unsaved_changes.words_key(key)
    wrote = st.session_state.get(f"{key}:text")
    caption = st.text_area(
        "Caption", wrote.caption if wrote else before.caption, max_chars=5000, height=120, key=words_key, disabled=frozen
    )
    tags = st.text_input(
        "Hashtags",
        " ".join(f"#{one}" for one in (content_plans.parse_hashtags(wrote.hashtags) if wrote else before.hashtags)),
        key=f"{words_key}:tags",
        disabled=frozen,
    )
    if not frozen:
        _write(page, card, key)
    comment = before.first_comment
    if limits.comments:
        comment = st.text_input("First comment", comment, max_chars=2200, key=f"{key}:comment", disabled=frozen)
    alt = {media[0]: wrote.alt_text, **before.alt_texts} if wrote and media else before.alt_texts
    alt = plan_fields.alt_texts(page, words_key, files, alt, frozen=frozen)
    options = plan_fields.more(page, key, channel, before, files, frozen=frozen)
    draft = before.model_copy(update={"format": kind, "privacy": privacy, "title": title.strip(), "caption": caption.strip()})
    more = {"hashtags": content_plans.parse_hashtags(tags), "media": media, "first_comment": comment.strip(), "alt_texts": alt}
    return draft.model_copy(update={**more, "options": options})


def _write(page: Page, card: PlanCard, key: str) -> None:
    """The caption anew by the text engine, into the form: nothing is kept before it is saved."""
    if st.button(
        "Write it" if not st.session_state.get(f"{key}:text") else "Write another",
        icon=":material/ink_pen:",
        key=f"{key}:write",
    ):
        topic = card.topic or card.title
        with toast_errors(), st.spinner("Writing …"):
            order = writing.WriteOrder(influencer_id=card.influencer_id, topic=topic)
            made = writing.write_texts(page.app, partial(page.transaction, "editor"), order=order)
            st.session_state[f"{key}:text"] = made[0].parts
            st.session_state[f"{key}:written"] = st.session_state.get(f"{key}:written", 0) + 1
        st.rerun(scope="fragment" if st.session_state.get("plan:dialog") == card.id else "app")


def _media(page: Page, card: PlanCard, key: str, before: tuple[str, ...], *, frozen: bool) -> tuple[str, ...]:
    """Asset ids in order: those that are in it, with a choice of more."""
    slot = f"{key}:media"
    media: tuple[str, ...] = st.session_state.setdefault(slot, before)
    if media:
        if not frozen:
            st.caption("They go out as JPEG or MP4, without camera data, marked as AI-made.")
        state = gallery(f"{key}:shown", tiles=[_tile(page, one, "") for one in media], selectable=not frozen, size=90)
        if not frozen and state.selected:
            st.button(
                "Take out",
                icon=":material/remove:",
                key=f"{key}:out",
                on_click=_set,
                args=(slot, [m for m in media if m not in state.selected]),
            )
    if frozen:
        return media
    with st.popover("Add pictures or videos", icon=":material/add_photo_alternate:"):
        with page.transaction() as tx:
            mine = generation.tiles(tx, filters=GalleryFilters(influencer_id=card.influencer_id), take=TAKE).tiles
            clips = videos.page(tx, filters=VideoFilters(influencer_id=card.influencer_id), take=TAKE).cards
        tiles = [_tile(page, one.asset_id, one.prompt) for one in mine]
        films = [_tile(page, one.asset_id, f"Video, {one.frames / max(1, one.fps):.0f} s") for one in clips if one.asset_id]
        if not tiles and not films:
            st.caption("Nothing yet. Create pictures first, on Create.")
            return media
        picked = gallery(
            f"{key}:pick:{len(media)}", tiles=[one for one in (*films, *tiles) if one.id not in media], selectable=True, size=90
        )
        add = [*media, *picked.selected]
        st.button("Add", type="primary", key=f"{key}:add", disabled=not picked.selected, on_click=_set, args=(slot, add))
    return media


def _set(slot: str, media: list[str]) -> None:
    st.session_state[slot] = tuple(media)


def _tile(page: Page, asset_id: str, said: str) -> Tile:
    return Tile(id=asset_id, src=media_url(page.workspace.id, asset_id, w=160), alt=said or "Picture of this post", caption="")
