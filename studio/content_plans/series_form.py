"""What a series of posts is asked for by: days, times, channels, pictures, topics."""

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
from backend.platforms.limits import PLATFORMS
from backend.writing import CAPTION_CHARACTERS, MAX_STYLE
from studio.ui.format import plain
from studio.writing.writing_form import brief_fields

FORMATS = {"picture": "Picture", "carousel": "Carousel", "story": "Story"}
_CLOCKS = ((time(18),), (time(9), time(18)), (time(9), time(13), time(18)), (time(8), time(12), time(16), time(20)))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def series_form(
    who: InfluencerCard, accounts: Sequence[ChannelCard], rules: RulesCard, *, first: date | None = None, days: int = 7
) -> SeriesOrder:
    """`accounts`: the influencer's. `first`: tomorrow by their clock when none is given. Raises Invalid."""
    key = f"days:{who.id}"
    names = {one.id: one.label for one in accounts}
    picked = st.multiselect(
        "Channels, in the order they go out", list(names), list(names), format_func=names.__getitem__, key=f"{key}:channels"
    )
    left, right = st.columns(2)
    tomorrow = to_local_time(now(), who.time_zone).date() + timedelta(days=1)
    start = left.date_input("From", first or tomorrow, format="DD/MM/YYYY", key=f"{key}:first:{first}")
    n = right.number_input("Days", 1, bulk_planning.MAX_DAYS, min(days, bulk_planning.MAX_DAYS), key=f"{key}:days:{days}")
    clocks = _clocks(key, who, rules)
    skip = st.checkbox("Skip days that already have a post", value=True, key=f"{key}:skip")
    left, right = st.columns(2, vertical_alignment="bottom")
    kind = left.segmented_control(
        "Format", list(FORMATS), default="picture", format_func=FORMATS.__getitem__, key=f"{key}:format", required=True
    )
    draws = right.toggle("Make the pictures too", value=True, key=f"{key}:draws")
    pictures = int(draws)
    if draws and kind == "carousel":
        pictures = int(st.number_input("Pictures in a carousel", 2, bulk_planning.MAX_PICTURES, 2, key=f"{key}:pictures"))
    topics = st.text_area(
        "Topics",
        placeholder="One a line, or leave it empty: they think of something themselves.",
        height=80,
        key=f"{key}:topics",
    )
    more = _more(key, [one for one in accounts if one.id in picked])
    return SeriesOrder(
        influencer_id=who.id,
        first=start,
        days=int(n),
        clocks=clocks,
        skip_filled=skip,
        channel_ids=tuple(picked),
        format=kind or "picture",
        pictures=pictures,
        topics=tuple(topics.splitlines()),
        **more,
    )


def _clocks(key: str, who: InfluencerCard, rules: RulesCard) -> tuple[str, ...]:
    """Times of day; none: the recurring ones."""
    way = "daily"
    if rules.slots:
        words = {"daily": "Every day", "slots": "Recurring times"}
        way = (
            st.segmented_control(
                "When", list(words), default="slots", format_func=words.__getitem__, key=f"{key}:way", required=True
            )
            or "slots"
        )
    if way == "slots":
        spelled = ", ".join(f"{_DAYS[one.weekday]} {one.at}" for one in rules.slots)
        st.caption(f"{spelled}, by the clocks of {plain(who.time_zone)}.")
        return ()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(st.number_input("Posts a day", 1, bulk_planning.MAX_POSTS_PER_DAY, 1, key=f"{key}:a_day", width=120))
        times = [
            st.time_input("At" if at == 0 else "and at", clock, step=300, key=f"{key}:at:{n}:{at}", width=110)
            for at, clock in enumerate(_CLOCKS[n - 1])
        ]
    st.caption(f"By the clocks of {plain(who.time_zone)}. A time that is taken moves to the nearest free one of its day.")
    return tuple(f"{one:%H:%M}" for one in times if one)


def _more(key: str, accounts: Sequence[ChannelCard]) -> dict[str, object]:
    """What most people leave as it is."""
    privacy: dict[str, str] = {}
    for one in accounts:
        if PLATFORMS[one.platform].privacy == "by hand":
            words = {"": "Choose for each post later", **PRIVACY[one.platform]}
            said = st.selectbox(
                f"Who can see the posts of {plain(one.label)}",
                list(words),
                format_func=words.__getitem__,
                key=f"{key}:privacy:{one.id}",
            )
            privacy |= {one.id: said} if said else {}
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
        if len(accounts) > 1:
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
