"""The form of a series of posts: days, times, channels, pictures, topics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

import streamlit as st

from backend import bulk_planning
from backend.bulk_planning import SeriesOrder
from backend.channels import PRIVACY, ChannelCard
from backend.content_plans import RulesCard, to_local_time
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.platforms.registry import PLATFORMS
from backend.writing import CAPTION_CHARACTERS, MAX_STYLE
from studio.ui.format import plain
from studio.writing.writing_form import brief_fields

FORMATS = {"picture": "Picture", "carousel": "Carousel", "story": "Story"}
_DEFAULT_TIMES = ((time(18),), (time(9), time(18)), (time(9), time(13), time(18)), (time(8), time(12), time(16), time(20)))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def series_form(
    influencer: InfluencerCard,
    channel_cards: Sequence[ChannelCard],
    rules: RulesCard,
    *,
    first: date | None = None,
    days: int = 7,
) -> SeriesOrder:
    """`channel_cards`: the influencer's. `first`: the day to begin with; None: tomorrow in their time zone. Raises Invalid."""
    key = f"days:{influencer.id}"
    channel_names = {channel.id: channel.label for channel in channel_cards}
    channel_ids = st.multiselect(
        "Channels, in the order they go out",
        list(channel_names),
        list(channel_names),
        format_func=channel_names.__getitem__,
        key=f"{key}:channels",
    )
    left, right = st.columns(2)
    tomorrow = to_local_time(now(), influencer.time_zone).date() + timedelta(days=1)
    start = left.date_input("From", first or tomorrow, format="DD/MM/YYYY", key=f"{key}:first:{first}")
    n = right.number_input("Days", 1, bulk_planning.MAX_DAYS, min(days, bulk_planning.MAX_DAYS), key=f"{key}:days:{days}")
    times_of_day = _times_of_day(key, influencer, rules)
    skip = st.checkbox("Skip days that already have a post", value=True, key=f"{key}:skip")
    left, right = st.columns(2, vertical_alignment="bottom")
    post_format = left.segmented_control(
        "Format", list(FORMATS), default="picture", format_func=FORMATS.__getitem__, key=f"{key}:format", required=True
    )
    make_pictures = right.toggle("Make the pictures too", value=True, key=f"{key}:draws")
    pictures = int(make_pictures)
    if make_pictures and post_format == "carousel":
        pictures = int(st.number_input("Pictures in a carousel", 2, bulk_planning.MAX_PICTURES, 2, key=f"{key}:pictures"))
    topics = st.text_area(
        "Topics",
        placeholder="One a line, or leave it empty: they think of something themselves.",
        height=80,
        key=f"{key}:topics",
    )
    more = _extra_fields(key, [channel for channel in channel_cards if channel.id in channel_ids])
    return SeriesOrder(
        influencer_id=influencer.id,
        first=start,
        days=int(n),
        clocks=times_of_day,
        skip_filled=skip,
        channel_ids=tuple(channel_ids),
        format=post_format or "picture",
        pictures=pictures,
        topics=tuple(topics.splitlines()),
        **more,
    )


def _times_of_day(key: str, influencer: InfluencerCard, rules: RulesCard) -> tuple[str, ...]:
    """Times of day (“18:30”); empty: the recurring times."""
    choice = "daily"
    if rules.slots:
        labels = {"daily": "Every day", "slots": "Recurring times"}
        choice = (
            st.segmented_control(
                "When", list(labels), default="slots", format_func=labels.__getitem__, key=f"{key}:way", required=True
            )
            or "slots"
        )
    if choice == "slots":
        slots_text = ", ".join(f"{_DAYS[slot.weekday]} {slot.at}" for slot in rules.slots)
        st.caption(f"{slots_text}, by the clocks of {plain(influencer.time_zone)}.")
        return ()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(st.number_input("Posts a day", 1, bulk_planning.MAX_POSTS_PER_DAY, 1, key=f"{key}:a_day", width=120))
        times = [
            st.time_input("At" if at == 0 else "and at", clock, step=300, key=f"{key}:at:{n}:{at}", width=110)
            for at, clock in enumerate(_DEFAULT_TIMES[n - 1])
        ]
    st.caption(
        f"By the clocks of {plain(influencer.time_zone)}. A time that is taken moves to the nearest free one of its day."
    )
    return tuple(f"{clock:%H:%M}" for clock in times if clock)


def _extra_fields(key: str, channel_cards: Sequence[ChannelCard]) -> dict[str, object]:
    """Fields that most people leave at their defaults, by name in SeriesOrder."""
    privacy: dict[str, str] = {}
    for channel in channel_cards:
        if PLATFORMS[channel.platform].privacy == "by hand":
            choices = {"": "Choose for each post later", **PRIVACY[channel.platform]}
            chosen = st.selectbox(
                f"Who can see the posts of {plain(channel.label)}",
                list(choices),
                format_func=choices.__getitem__,
                key=f"{key}:privacy:{channel.id}",
            )
            privacy |= {channel.id: chosen} if chosen else {}
    with st.expander("Style and timing", icon=":material/tune:"):
        style = st.text_input("Style", max_chars=MAX_STYLE, placeholder="as they always write", key=f"{key}:style")
        length = st.number_input("Caption, characters at most", 40, 2200, CAPTION_CHARACTERS, 10, key=f"{key}:length")
        redraw = st.number_input(
            "Draw pictures below the face match threshold again, times at most",
            0,
            bulk_planning.MAX_REDRAWS,
            bulk_planning.DEFAULT_REDRAWS,
            key=f"{key}:redraw",
            help="A post without a good one says that it needs a picture. 0: every picture is used.",
        )
        between = 0
        if len(channel_cards) > 1:
            between = st.number_input("Minutes between channels", 0, 120, 0, 5, key=f"{key}:between")
    brief = brief_fields(key)
    return {
        "style": style,
        "length": int(length),
        "minutes_between": int(between),
        "redraw": int(redraw),
        "privacy": privacy,
        **brief,
    }
