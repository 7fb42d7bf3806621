"""Fields that only some platforms have, who can see a post, alt texts, and the offset of a channel's post to the plan's
time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import streamlit as st

from backend import channels, content_plans, influencers
from backend.assets import AssetCard
from backend.channels import PRIVACY, ChannelCard
from backend.content_plans import VariantDraft
from backend.platforms.port import Options, PlatformAccount
from backend.platforms.registry import PLATFORMS
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.notices import toast_errors

_DEFAULTS: dict[str, Any] = {
    option.name: list(option.default) if isinstance(option.default, tuple) else option.default for option in fields(Options)
}
_DEFAULTS["made_for_kids"] = None  # None: the channel's own setting applies
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
"""YouTube's ids of categories that a video may have, the usual one first."""
_KIDS = {"": "As the channel says", "no": "No", "yes": "Yes, it is made for kids"}


def privacy_field(page: Page, key: str, channel: ChannelCard, before: str, *, frozen: bool) -> str:
    """Who can see the post, in the platform's own word; "": as set for the channel.

    TikTok has no default: a person must choose, here or for the channel, among what TikTok offers to this account now.
    """
    limits, privacy_names = PLATFORMS[channel.platform], PRIVACY.get(channel.platform, {})
    if limits.privacy == "none":
        return before
    account: PlatformAccount | None = st.session_state.get(_account_slot(channel))
    values = list(account.privacy) if account and account.privacy else list(privacy_names)
    channel_default = privacy_names.get(str(channel.settings.get("privacy") or ""), "")
    empty_label = (
        f"As the channel says ({channel_default})" if channel_default else "" if limits.privacy == "by hand" else "Public"
    )
    choices = [*([""] if empty_label else []), *values, *([before] if before and before not in values else [])]
    chosen: str | None = st.selectbox(
        "Who can see it",
        choices,
        index=choices.index(before) if before in choices else None,
        format_func=lambda privacy: (
            privacy_names.get(privacy, privacy.replace("_", " ").capitalize()) if privacy else empty_label
        ),
        placeholder="Choose …",
        key=f"{key}:privacy",
        disabled=frozen,
    )
    return chosen or ""


def options_form(
    page: Page, key: str, channel: ChannelCard, before: VariantDraft, files: Sequence[AssetCard], *, frozen: bool
) -> dict[str, Any]:
    """The platform's own options. Returns all of the post's options; those at their default are stored only if they were
    stored before."""
    options = dict(before.options)
    platform_fields = {"instagram": _instagram, "tiktok": _tiktok, "youtube": _youtube}.get(channel.platform)
    if platform_fields is None:
        return options
    with st.expander(f"More for {PLATFORMS[channel.platform].label}", icon=":material/tune:"):
        chosen = platform_fields(page, key, channel, {**_DEFAULTS, **options}, files, frozen)
    for name, value in chosen.items():
        if value is None:
            options.pop(name, None)
        elif name in options or value != _DEFAULTS[name]:
            options[name] = value
    return options


def alt_text_fields(
    page: Page, key: str, files: Sequence[AssetCard], before: Mapping[str, str], *, frozen: bool
) -> dict[str, str]:
    """Asset id -> alt text, empty ones left out; a field for each picture."""
    pictures = [file for file in files if file.kind == "image"]
    alt_by_id = {file.id: before[file.id] for file in files if before.get(file.id)}
    if not pictures:
        return alt_by_id

    def alt_text_field(file: AssetCard, label: str) -> None:
        text = st.text_input(label, before.get(file.id, ""), max_chars=1000, key=f"{key}:alt:{file.id}", disabled=frozen)
        alt_by_id[file.id] = text.strip()

    if len(pictures) == 1:
        alt_text_field(pictures[0], "What the picture shows (alt text)")
    else:
        missing = sum(not before.get(file.id) for file in pictures)
        missing_note = f", {missing} missing" if missing else ""
        with st.expander(f"What the {len(pictures)} pictures show (alt texts{missing_note})", icon=":material/visibility:"):
            for n, file in enumerate(pictures, 1):
                with st.container(horizontal=True, vertical_alignment="center"):
                    src = media_url(page.workspace.id, file.id, w=160)
                    st.html(
                        f'<img src="{src}" alt="" style="width:56px;height:56px;object-fit:cover;border-radius:8px">',
                        width="content",
                    )
                    alt_text_field(file, f"Picture {n}")
    return {asset_id: text for asset_id, text in alt_by_id.items() if text}


def _instagram(
    page: Page, key: str, channel: ChannelCard, options: dict[str, Any], files: Sequence[AssetCard], frozen: bool
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if video := _first_video(files):
        chosen["cover_ms"] = _cover_field(key, video, options["cover_ms"], frozen)
        chosen["share_to_feed"] = st.toggle(
            "Show the reel in the feed too", options["share_to_feed"], key=f"{key}:feed", disabled=frozen
        )
    names = st.text_input(
        "Collaborators",
        ", ".join(options["collaborators"]),
        key=f"{key}:with",
        disabled=frozen,
        help="Up to 3 Instagram names, with commas between them. They are asked whether they want to be named as authors.",
    )
    chosen["collaborators"] = [name.strip().lstrip("@") for name in names.split(",") if name.strip().lstrip("@")]
    location_id = st.text_input(
        "Location id",
        options["location_id"],
        max_chars=40,
        key=f"{key}:place",
        disabled=frozen,
        help="The number of a Facebook Page that has an address. Leave it empty for no place.",
    )
    return {**chosen, "location_id": location_id.strip()}


def _tiktok(
    page: Page, key: str, channel: ChannelCard, options: dict[str, Any], files: Sequence[AssetCard], frozen: bool
) -> dict[str, Any]:
    account = _account_status(page, key, channel, frozen)
    video = _first_video(files)
    chosen: dict[str, Any] = {}
    switches = [("allow_comments", "Allow comments", bool(account and account.comments_off))]
    if video:
        switches.append(("allow_duet", "Allow duets", bool(account and account.duet_off)))
        switches.append(("allow_stitch", "Allow stitches", bool(account and account.stitch_off)))
    with st.container(horizontal=True):
        for name, label, is_off in switches:
            chosen[name] = st.toggle(
                label,
                bool(options[name]) and not is_off,
                key=f"{key}:{name}:{is_off}",
                disabled=frozen or is_off,
                help="The account has turned this off on TikTok." if is_off else None,
            )
    promotes = st.toggle(
        "It promotes something",
        bool(options["paid_partnership"] or options["own_brand"]),
        key=f"{key}:sells",
        disabled=frozen,
        help="TikTok wants to know when a post promotes a brand, a product or a service.",
    )
    chosen |= {"own_brand": False, "paid_partnership": False}
    if promotes:
        with st.container(horizontal=True):
            chosen["own_brand"] = st.checkbox("Our own brand", options["own_brand"], key=f"{key}:own", disabled=frozen)
            chosen["paid_partnership"] = st.checkbox(
                "Paid by another brand", options["paid_partnership"], key=f"{key}:paid", disabled=frozen
            )
        if not (chosen["own_brand"] or chosen["paid_partnership"]):
            st.caption(":orange[:material/warning:] Say whose brand it is: one of the two, or both.")
    if video:
        chosen["cover_ms"] = _cover_field(key, video, options["cover_ms"], frozen)
    else:
        chosen["auto_music"] = st.toggle("Let TikTok add music", options["auto_music"], key=f"{key}:music", disabled=frozen)
    return chosen


def _youtube(
    page: Page, key: str, channel: ChannelCard, options: dict[str, Any], files: Sequence[AssetCard], frozen: bool
) -> dict[str, Any]:
    made_for_kids = {True: "yes", False: "no"}.get(options["made_for_kids"], "")
    tags = st.text_input(
        "Tags",
        ", ".join(options["tags"]),
        key=f"{key}:tags",
        disabled=frozen,
        help="Words to be found by, with commas between.",
    )
    left, middle, right = st.columns(3)
    category = left.selectbox(
        "Category",
        list(CATEGORIES),
        _index_of(list(CATEGORIES), options["category"]),
        format_func=CATEGORIES.__getitem__,
        key=f"{key}:category",
        disabled=frozen,
    )
    languages = ["", *influencers.LANGUAGES]
    language = middle.selectbox(
        "Language",
        languages,
        _index_of(languages, options["language"]),
        key=f"{key}:language",
        disabled=frozen,
        format_func=lambda language: influencers.LANGUAGES[language] if language else "Not said",
    )
    answer = right.selectbox(
        "Made for kids",
        list(_KIDS),
        _index_of(list(_KIDS), made_for_kids),
        format_func=_KIDS.__getitem__,
        key=f"{key}:kids",
        disabled=frozen,
    )
    return {
        "tags": [tag.strip() for tag in tags.split(",") if tag.strip()],
        "category": category,
        "language": language,
        "made_for_kids": {"yes": True, "no": False}.get(answer),
    }


def _index_of(values: Sequence[str], value: str) -> int:
    return list(values).index(value) if value in values else 0


def _first_video(files: Sequence[AssetCard]) -> AssetCard | None:
    return next((file for file in files if file.kind == "video"), None)


def _cover_field(key: str, video: AssetCard, before: int | None, frozen: bool) -> int | None:
    """The moment of the video used as its cover, in ms; None: the platform chooses."""
    duration_s = video.meta.get("duration_s")
    max_s = max(0.1, float(duration_s) - 0.1) if isinstance(duration_s, (int, float)) else 600.0
    start_s = None if before is None else min(before / 1000, max_s)
    chosen = st.number_input(
        "Cover: the picture at second",
        0.0,
        max_s,
        start_s,
        step=0.5,
        format="%.1f",
        placeholder="the platform chooses",
        key=f"{key}:cover",
        disabled=frozen,
    )
    return None if chosen is None else round(chosen * 1000)


def _account_slot(channel: ChannelCard) -> str:
    return f"plan:account:{channel.id}"


def _account_status(page: Page, key: str, channel: ChannelCard, frozen: bool) -> PlatformAccount | None:
    """What TikTok last said that the account may do (None: not asked in this session), with a button that asks."""
    account: PlatformAccount | None = st.session_state.get(_account_slot(channel))
    if account:
        name = account.nickname or account.name
        length_note = f" Videos last at most {account.max_video_s:g} s." if account.max_video_s else ""
        st.caption(f":material/account_circle: Goes to {plain(name)}.{length_note}")
    if not frozen:
        st.button(
            "Ask TikTok again" if account else "Ask TikTok what the account may do",
            icon=":material/sync:",
            type="tertiary",
            key=f"{key}:ask",
            on_click=_read_account,
            args=(page, channel),
        )
    return account


def _read_account(page: Page, channel: ChannelCard) -> None:
    with toast_errors():
        st.session_state[_account_slot(channel)] = channels.check_account(
            page.app, partial(page.transaction, "editor"), channel.id
        )


def offset_field(key: str, draft: VariantDraft, *, several: bool, frozen: bool) -> VariantDraft:
    """The draft with its offset. The field is drawn where there are several channels, or an offset is set already."""
    before = content_plans.after_minutes(draft.options)
    if not several and not before:
        return draft
    minutes = st.number_input(
        "Minutes after the plan's time",
        0,
        content_plans.MAX_OFFSET_MINUTES,
        before,
        5,
        key=f"{key}:later",
        disabled=frozen,
        help="Channels of a plan can go out some minutes apart.",
    )
    others = {name: value for name, value in draft.options.items() if name != "after_minutes"}
    return draft.model_copy(update={"options": {**others, **({"after_minutes": int(minutes)} if minutes else {})}})
