"""A post's fields that only some platforms have, folded away; who can see it; what each picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import streamlit as st

from backend import channels, influencers
from backend.assets import AssetCard
from backend.channels import PRIVACY, ChannelCard
from backend.content_plans import VariantDraft
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Options, PlatformAccount
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.toasts import toast_errors

_DEFAULTS: dict[str, Any] = {
    one.name: list(one.default) if isinstance(one.default, tuple) else one.default for one in fields(Options)
}
_DEFAULTS["made_for_kids"] = None  # not said: the channel's own setting holds
CATEGORIES = {
    "22": "People and blogs",
    "26": "How-to and style",
    "24": "Entertainment",
    "19": "Travel and events",
    "10": "Music",
    "1": "Film and animation",
    "2": "Cars and vehicles",
    "15": "Pets and animals",
    "17": "Sports",
    "20": "Gaming",
    "23": "Comedy",
    "25": "News and politics",
    "27": "Education",
    "28": "Science and technology",
    "29": "Nonprofits and activism",
}
"""YouTube's ids of categories that a video can have, the usual one first."""
_KIDS = {"": "As the channel says", "no": "No", "yes": "Yes, it is made for kids"}


def privacy(page: Page, key: str, channel: ChannelCard, before: str, *, frozen: bool) -> str:
    """Who can see it, in the platform's word; empty: as the channel's settings say. On TikTok a person must have picked it,
    here or there, out of what it offers just now: there is no default."""
    limits, named = PLATFORMS[channel.platform], PRIVACY.get(channel.platform, {})
    if limits.privacy == "none":
        return before
    account: PlatformAccount | None = st.session_state.get(_asked(channel))
    words = list(account.privacy) if account and account.privacy else list(named)
    usual = named.get(str(channel.settings.get("privacy") or ""), "")
    empty = f"As the channel says ({usual})" if usual else "" if limits.privacy == "by hand" else "Public"
    offered = [*([""] if empty else []), *words, *([before] if before and before not in words else [])]
    chosen: str | None = st.selectbox(
        "Who can see it",
        offered,
        index=offered.index(before) if before in offered else None,
        format_func=lambda one: named.get(one, one.replace("_", " ").capitalize()) if one else empty,
        placeholder="Choose …",
        key=f"{key}:privacy",
        disabled=frozen,
    )
    return chosen or ""


def more(
    page: Page, key: str, channel: ChannelCard, before: VariantDraft, files: Sequence[AssetCard], *, frozen: bool
) -> dict[str, Any]:
    """The post's options as they are to be kept: what is as usual, and was never said, stays unsaid."""
    said = dict(before.options)
    drawn = {"instagram": _instagram, "tiktok": _tiktok, "youtube": _youtube}.get(channel.platform)
    if drawn is None:
        return said
    with st.expander(f"More for {PLATFORMS[channel.platform].label}", icon=":material/tune:"):
        chosen = drawn(page, key, channel, {**_DEFAULTS, **said}, files, frozen)
    for name, value in chosen.items():
        if value is None:
            said.pop(name, None)
        elif name in said or value != _DEFAULTS[name]:
            said[name] = value
    return said


def alt_texts(page: Page, key: str, files: Sequence[AssetCard], before: Mapping[str, str], *, frozen: bool) -> dict[str, str]:
    """Asset id -> what it shows; of each picture."""
    shown = [one for one in files if one.kind == "image"]
    kept = {one.id: before[one.id] for one in files if before.get(one.id)}
    if not shown:
        return kept

    def line(one: AssetCard, label: str) -> None:
        said = st.text_input(label, before.get(one.id, ""), max_chars=1000, key=f"{key}:alt:{one.id}", disabled=frozen)
        kept[one.id] = said.strip()

    if len(shown) == 1:
        line(shown[0], "What the picture shows (alt text)")
    else:
        missing = sum(not before.get(one.id) for one in shown)
        open_ = f", {missing} missing" if missing else ""
        with st.expander(f"What the {len(shown)} pictures show (alt texts{open_})", icon=":material/visibility:"):
            for n, one in enumerate(shown, 1):
                with st.container(horizontal=True, vertical_alignment="center"):
                    address = media_url(page.workspace.id, one.id, w=160)
                    st.html(
                        f'<img src="{address}" alt="" style="width:56px;height:56px;object-fit:cover;border-radius:8px">',
                        width="content",
                    )
                    line(one, f"Picture {n}")
    return {asset_id: said for asset_id, said in kept.items() if said}


def _instagram(
    page: Page, key: str, channel: ChannelCard, said: dict[str, Any], files: Sequence[AssetCard], frozen: bool
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if film := _film(files):
        chosen["cover_ms"] = _cover(key, film, said["cover_ms"], frozen)
        chosen["share_to_feed"] = st.toggle(
            "Show the reel in the feed too", said["share_to_feed"], key=f"{key}:feed", disabled=frozen
        )
    names = st.text_input(
        "Collaborators",
        ", ".join(said["collaborators"]),
        key=f"{key}:with",
        disabled=frozen,
        help="Up to 3 Instagram names, with commas between them. They are asked whether they want to be named as authors.",
    )
    chosen["collaborators"] = [one.strip().lstrip("@") for one in names.split(",") if one.strip().lstrip("@")]
    place = st.text_input(
        "Location id",
        said["location_id"],
        max_chars=40,
        key=f"{key}:place",
        disabled=frozen,
        help="The number of a Facebook Page that has an address. Leave it empty for no place.",
    )
    return {**chosen, "location_id": place.strip()}


def _tiktok(
    page: Page, key: str, channel: ChannelCard, said: dict[str, Any], files: Sequence[AssetCard], frozen: bool
) -> dict[str, Any]:
    account = _ask(page, key, channel, frozen)
    film = _film(files)
    chosen: dict[str, Any] = {}
    switches = [("allow_comments", "Allow comments", bool(account and account.comments_off))]
    if film:
        switches.append(("allow_duet", "Allow duets", bool(account and account.duet_off)))
        switches.append(("allow_stitch", "Allow stitches", bool(account and account.stitch_off)))
    with st.container(horizontal=True):
        for name, label, off in switches:
            chosen[name] = st.toggle(
                label,
                bool(said[name]) and not off,
                key=f"{key}:{name}:{off}",
                disabled=frozen or off,
                help="The account has turned this off on TikTok." if off else None,
            )
    sells = st.toggle(
        "It promotes something",
        bool(said["paid_partnership"] or said["own_brand"]),
        key=f"{key}:sells",
        disabled=frozen,
        help="TikTok wants to know when a post promotes a brand, a product or a service.",
    )
    chosen |= {"own_brand": False, "paid_partnership": False}
    if sells:
        with st.container(horizontal=True):
            chosen["own_brand"] = st.checkbox("Our own brand", said["own_brand"], key=f"{key}:own", disabled=frozen)
            chosen["paid_partnership"] = st.checkbox(
                "Paid by another brand", said["paid_partnership"], key=f"{key}:paid", disabled=frozen
            )
        if not (chosen["own_brand"] or chosen["paid_partnership"]):
            st.caption(":orange[:material/warning:] Say whose brand it is: one of the two, or both.")
    if film:
        chosen["cover_ms"] = _cover(key, film, said["cover_ms"], frozen)
    else:
        chosen["auto_music"] = st.toggle("Let TikTok add music", said["auto_music"], key=f"{key}:music", disabled=frozen)
    return chosen


def _youtube(
    page: Page, key: str, channel: ChannelCard, said: dict[str, Any], files: Sequence[AssetCard], frozen: bool
) -> dict[str, Any]:
    kids = {True: "yes", False: "no"}.get(said["made_for_kids"], "")
    tags = st.text_input(
        "Tags", ", ".join(said["tags"]), key=f"{key}:tags", disabled=frozen, help="Words to be found by, with commas between."
    )
    left, middle, right = st.columns(3)
    category = left.selectbox(
        "Category",
        list(CATEGORIES),
        _at(list(CATEGORIES), said["category"]),
        format_func=CATEGORIES.__getitem__,
        key=f"{key}:category",
        disabled=frozen,
    )
    languages = ["", *influencers.LANGUAGES]
    language = middle.selectbox(
        "Language",
        languages,
        _at(languages, said["language"]),
        key=f"{key}:language",
        disabled=frozen,
        format_func=lambda one: influencers.LANGUAGES[one] if one else "Not said",
    )
    answer = right.selectbox(
        "Made for kids", list(_KIDS), _at(list(_KIDS), kids), format_func=_KIDS.__getitem__, key=f"{key}:kids", disabled=frozen
    )
    return {
        "tags": [one.strip() for one in tags.split(",") if one.strip()],
        "category": category,
        "language": language,
        "made_for_kids": {"yes": True, "no": False}.get(answer),
    }


def _at(words: Sequence[str], word: str) -> int:
    return list(words).index(word) if word in words else 0


def _film(files: Sequence[AssetCard]) -> AssetCard | None:
    return next((one for one in files if one.kind == "video"), None)


def _cover(key: str, film: AssetCard, before: int | None, frozen: bool) -> int | None:
    """The moment of the film that stands for it, in ms; None: the platform chooses."""
    lasts = film.meta.get("duration_s")
    most = max(0.1, float(lasts) - 0.1) if isinstance(lasts, (int, float)) else 600.0
    at = None if before is None else min(before / 1000, most)
    chosen = st.number_input(
        "Cover: the picture at second",
        0.0,
        most,
        at,
        step=0.5,
        format="%.1f",
        placeholder="the platform chooses",
        key=f"{key}:cover",
        disabled=frozen,
    )
    return None if chosen is None else round(chosen * 1000)


def _asked(channel: ChannelCard) -> str:
    return f"plan:account:{channel.id}"


def _ask(page: Page, key: str, channel: ChannelCard, frozen: bool) -> PlatformAccount | None:
    """What TikTok said lately that the account may do; a button asks it."""
    account: PlatformAccount | None = st.session_state.get(_asked(channel))
    if account:
        name = account.nickname or account.name
        lasts = f" Videos last at most {account.max_video_s:g} s." if account.max_video_s else ""
        st.caption(f":material/account_circle: Goes to {plain(name)}.{lasts}")
    if not frozen:
        st.button(
            "Ask TikTok again" if account else "Ask TikTok what the account may do",
            icon=":material/sync:",
            type="tertiary",
            key=f"{key}:ask",
            on_click=_look,
            args=(page, channel),
        )
    return account


def _look(page: Page, channel: ChannelCard) -> None:
    with toast_errors():
        st.session_state[_asked(channel)] = channels.check_account(page.app, partial(page.transaction, "editor"), channel.id)
