"""A plan's form: topic, date, and for each channel its words and pictures; text written anew in the influencer's voice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from functools import partial

import streamlit as st

from backend import assets, channels, generation, influencers, posts, video, writing
from backend.channels import ChannelCard
from backend.engines.platform import rules as platforms
from backend.engines.platform.limits import PLATFORMS
from backend.errors import Conflict, StudioError
from backend.generation import GalleryFilters
from backend.posts import PlanCard, PlanDraft, PostCard, PostState, VariantDraft
from backend.video import ClipFilters
from studio.components import gallery
from studio.components.gallery import Tile
from studio.format import media_url, plain
from studio.forms.seen import load_again, offer_newer, seen
from studio.frame import Page
from studio.widgets import plan_fields, plan_minutes
from studio.widgets.told import tell, telling

_FIXED = (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN)
TAKE = 60


def form(page: Page, now: PlanCard) -> None:
    """Everything of the plan. An edit of an approved post sends it back to review where the rules want one."""
    key, card = seen(f"plan:{now.id}", now)
    states = {one.id: one.state for one in now.posts}  # what goes out, or failed, is not what the form was filled with
    card = replace(card, posts=tuple(replace(one, state=states.get(one.id, one.state)) for one in card.posts))
    frozen = not page.can_edit
    dated = frozen or any(one.state in _FIXED for one in card.posts)
    with page.transaction() as tx:
        accounts = {one.id: one for one in channels.of(tx, card.influencer_id)}
        known = {**{one.channel_id: one.channel_name for one in card.posts}, **{id: one.label for id, one in accounts.items()}}
        accounts |= {one: channels.get(tx, one) for one in known if one not in accounts}
        zones = list(dict.fromkeys([card.zone, influencers.get(tx, card.influencer_id).time_zone, *influencers.time_zones()]))
    topic = st.text_input("Topic", card.topic, max_chars=300, key=f"{key}:first", disabled=frozen)
    left, middle, right = st.columns([2, 1, 2])
    day = left.date_input("Day", card.wall.date() if card.wall else None, format="DD/MM/YYYY", key=f"{key}:day", disabled=dated)
    clock = middle.time_input("Time", card.wall.time() if card.wall else time(18), step=300, key=f"{key}:time", disabled=dated)
    zone = right.selectbox("Time zone", zones, key=f"{key}:zone", disabled=dated)
    there = {one.channel_id: one for one in card.posts}
    chosen = st.multiselect(
        "Channels", list(known), list(there), format_func=lambda one: known[one], key=f"{key}:channels", disabled=frozen
    )
    variants = []
    if chosen:
        for tab, channel_id in zip(st.tabs([known[one] for one in chosen]), chosen, strict=True):
            with tab:
                one = _variant(page, card, f"{key}:{channel_id}", accounts[channel_id], there.get(channel_id))
                fixed = frozen or (channel_id in there and there[channel_id].state in _FIXED)
                variants.append(plan_minutes.later(f"{key}:{channel_id}", one, several=len(chosen) > 1, frozen=fixed))
    else:
        st.caption(
            "No channel chosen: it is kept as an idea." if known else "No channel yet. Add one under Rules on the calendar."
        )
    notes = st.text_area("Notes for yourselves", card.notes, max_chars=4000, height=68, key=f"{key}:notes", disabled=frozen)
    if frozen:
        return
    if now.version != card.version:
        offer_newer(f"plan:{now.id}", "Somebody changed this plan, or moved it, while you were editing.")
    if st.button("Save", type="primary", icon=":material/save:", key=f"{key}:save"):
        wall = datetime.combine(day, clock) if isinstance(day, type(card.created_at.date())) and clock else None
        draft: dict[str, object] = dict(
            influencer_id=card.influencer_id, topic=topic, notes=notes, wall=wall, zone=zone, variants=tuple(variants)
        )
        _save(page, card, draft)


def _save(page: Page, card: PlanCard, values: dict[str, object]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            posts.save(tx, card.id, PlanDraft(**values), version=card.version)
    except Conflict as error:
        offer_newer(f"plan:{card.id}", plain(error.message))
        return
    except StudioError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    load_again(f"plan:{card.id}")
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    tell("Saved.")
    st.rerun(scope="fragment" if st.session_state.get("plan:dialog") == card.id else "app")


def _variant(page: Page, card: PlanCard, key: str, channel: ChannelCard, post: PostCard | None) -> VariantDraft:
    frozen = not page.can_edit or (post is not None and post.state in _FIXED)
    before = post.draft() if post else VariantDraft(channel_id=channel.id)
    limits = PLATFORMS[channel.platform]
    media = _media(page, card, key, before.media, frozen=frozen)
    with page.transaction() as tx:
        there = assets.get_many(tx, media)
    files = [there[one] for one in media if one in there]
    formats = ["", *platforms.formats(channel.platform)]
    left, right = st.columns(2)
    kind = left.selectbox(
        "Format", formats, formats.index(before.format), format_func=lambda one: one.capitalize() or "What fits",
        key=f"{key}:format", disabled=frozen,
    )  # fmt: skip
    with right:
        privacy = plan_fields.privacy(page, key, channel, before.privacy, frozen=frozen)
    title = (
        st.text_input("Title", before.title, max_chars=300, key=f"{key}:title", disabled=frozen)
        if limits.title
        else before.title
    )
    words_key = f"{key}:caption:{st.session_state.get(f'{key}:written', 0)}"
    wrote = st.session_state.get(f"{key}:text")
    caption = st.text_area(
        "Caption", wrote.caption if wrote else before.caption, max_chars=5000, height=120, key=words_key, disabled=frozen
    )
    tags = st.text_input(
        "Hashtags", " ".join(f"#{one}" for one in (posts.hashtags(wrote.hashtags) if wrote else before.hashtags)),
        key=f"{words_key}:tags", disabled=frozen,
    )  # fmt: skip
    if not frozen:
        _write(page, card, key)
    comment = before.first_comment
    if limits.comments:
        comment = st.text_input("First comment", comment, max_chars=2200, key=f"{key}:comment", disabled=frozen)
    alt = {media[0]: wrote.alt_text, **before.alt_texts} if wrote and media else before.alt_texts
    alt = plan_fields.alt_texts(page, words_key, files, alt, frozen=frozen)
    options = plan_fields.more(page, key, channel, before, files, frozen=frozen)
    draft = before.model_copy(update={"format": kind, "privacy": privacy, "title": title.strip(), "caption": caption.strip()})
    more = {"hashtags": posts.hashtags(tags), "media": media, "first_comment": comment.strip(), "alt_texts": alt}
    return draft.model_copy(update={**more, "options": options})


def _write(page: Page, card: PlanCard, key: str) -> None:
    """The caption anew by the text engine, into the form: nothing is kept before it is saved."""
    if st.button(
        "Write it" if not st.session_state.get(f"{key}:text") else "Write another",
        icon=":material/ink_pen:",
        key=f"{key}:write",
    ):
        topic = card.topic or card.title
        with telling(), st.spinner("Writing …"):
            order = writing.WriteOrder(influencer_id=card.influencer_id, topic=topic)
            made = writing.write(page.app, partial(page.transaction, "editor"), order=order)
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
            clips = video.page(tx, filters=ClipFilters(influencer_id=card.influencer_id), take=TAKE).cards
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
