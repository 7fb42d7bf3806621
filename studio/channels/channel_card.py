"""One channel: its state, its quota, its settings, and disconnecting it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import streamlit as st

from backend import channels
from backend.channels import PRIVACY, ChannelCard
from backend.content_plans import ChannelActivity
from backend.errors import StudioError
from backend.kit.clock import now
from backend.language import joined, tr, tr_lazy, tr_plural, worded
from backend.platforms.port import PlatformAccount
from backend.platforms.registry import PLATFORMS
from studio.shell import session
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import ago, clock_time, date_text, esc, plain
from studio.ui.notices import queue_toast, toast_errors

_STATES = {
    "connected": ("green", ":material/check:", tr_lazy("Connected")),
    "reconnect": ("red", ":material/link_off:", tr_lazy("Connect again")),
    "off": ("gray", ":material/pause:", tr_lazy("Paused")),
}
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
LINK_STYLE = (
    "display:inline-block;padding:.4rem .75rem;border:1px solid color-mix(in srgb, currentColor 25%, transparent);"
    "border-radius:.5rem;font-size:.875rem;color:inherit;text-decoration:none;white-space:nowrap"
)


PRIMARY_LINK = ";background:var(--color-filled);border-color:transparent;color:var(--color-on-filled)"


def link_html(label: str, url: str, *, primary: bool = False) -> str:
    """A link that opens in the same tab, as OAuth leads back to this page. `primary`: drawn as the main action."""
    return f'<a href="{esc(url)}" target="_self" style="{LINK_STYLE}{PRIMARY_LINK if primary else ""}">{esc(label)}</a>'


def clear_flash() -> None:
    """Removes the message of the last connection, which is outdated once something else was done."""
    st.session_state.pop("channels:word", None)


def show_channel(
    page: Page, card: ChannelCard, *, reconnect_html: str, pace: ChannelActivity | None = None, zone: str = "UTC"
) -> None:
    """`reconnect_html`: the link that connects it again. `pace`: how often it posts; `zone`: time zone of its next post."""
    with st.container(border=True, key=f"channel-{card.platform}-{card.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            if picture := card.profile.get("avatar"):
                st.html(f'<img src="{esc(picture)}" alt="" style="width:40px;border-radius:50%;display:block">', width=48)
            st.markdown(f"**{plain(card.label)}** {_badge(card)}  \n{_details(card)}", width="stretch")
        if card.state == "reconnect":
            st.error(plain(worded(card.trouble)), icon=":material/link_off:")
        elif card.expires_soon(now()) and card.expires_at:
            st.warning(
                tr(
                    "Its permission ends on {date}. Connect it again before then; nothing is lost.",
                    date=date_text(card.expires_at),
                ),
                icon=":material/timer:",
            )
        _quota(page, card)
        if pace:
            st.caption(_pace(pace, zone))
        if card.platform == "sandbox":
            _practice_feed(page)
        if page.can_edit:
            _actions(page, card, reconnect_html)


def _badge(card: ChannelCard) -> str:
    color, icon, label = _STATES[card.state]
    return f":{color}-badge[{icon} {worded(label)}]"


def _details(card: ChannelCard) -> str:
    account = card.profile.get("name", "")
    details = [f"@{plain(account.lstrip('@'))}"] if account else []
    audience = PRIVACY.get(card.platform, {}).get(card.settings.get("privacy", ""))
    if card.platform in PRIVACY:
        details.append(
            tr("visible to: {audience}", audience=worded(audience)) if audience else tr("privacy: chosen for each post")
        )
    if PLATFORMS[card.platform].asks_made_for_kids and "made_for_kids" in card.settings:
        details.append(tr("made for kids") if card.settings["made_for_kids"] else tr("not made for kids"))
    details.append(tr("AI label always on"))
    return f":small[{' · '.join(details)}]"


def _pace(pace: ChannelActivity, zone: str) -> str:
    """“Last post 2 h ago, 3 in the last 24 hours. Next: tomorrow 18:00.”"""
    last = (
        tr("Last post {time}, {n:,} in the last 24 hours.", time=ago(pace.last_at), n=pace.posts_last_day)
        if pace.last_at
        else tr("Nothing published yet.")
    )
    if pace.next_at is None:
        following = ""
    elif pace.next_at <= now():
        following = tr("Next: now.")
    else:
        following = tr("Next: {time}.", time=clock_time(pace.next_at, zone))
    return f":material/schedule: {plain(joined(last, following))}"


def _practice_feed(page: Page) -> None:
    """Links to the practice platform, which is a separate server that browsers on other machines may not reach."""
    feed = channels.feed_url(page.app.settings)
    if not feed:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(tr("See the practice feed"), feed, icon=":material/open_in_new:")
        if page.is_owner:
            st.link_button(
                tr("Simulate errors"),
                f"{feed}/switches",
                icon=":material/toggle_on:",
                help=tr("Opens the simulated errors of the practice platform."),
            )
    studio_host, feed_host = urlsplit(session.origin()).hostname, urlsplit(feed).hostname
    if feed_host in _LOOPBACK_HOSTS and studio_host not in _LOOPBACK_HOSTS:
        st.caption(
            tr(
                "The practice feed opens only on the studio's own machine, because it has no passwords. To open it to "
                "your network, the operator sets SANDBOX_HOST and SANDBOX_PUBLIC_URL."
            )
        )


def _quota(page: Page, card: ChannelCard) -> None:
    check: tuple[PlatformAccount, datetime] | None = st.session_state.get(f"channels:look:{card.id}")
    if check is None:
        return
    account, at = check
    quota = account.quota
    if quota is None:
        st.caption(
            tr(
                "{name} works. The platform does not say how many posts it takes a day. Checked {time}.",
                name=plain(account.name),
                time=ago(at),
            )
        )
        return
    hours = round(quota.window_s / 3600)
    used = tr_plural("{n:,} post in the last {hours} hours.", "{n:,} posts in the last {hours} hours.", quota.used, hours=hours)
    left = (
        tr("{left:,} of {total:,} left.", left=quota.left, total=quota.total)
        if quota.total is not None and quota.left is not None
        else tr("No known limit.")
    )
    st.caption(joined(used, left, tr("Checked {time}.", time=ago(at))))


def _actions(page: Page, card: ChannelCard, reconnect_html: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if card.state == "connected":
            st.button(
                tr("Test connection"),
                icon=":material/refresh:",
                key=f"look:{card.id}",
                on_click=_check_account,
                args=(page, card),
                help=tr("Asks the platform whether the account works, and how much it may still post today."),
            )
        if card.platform != "sandbox":
            st.html(reconnect_html, width="content")
        if st.button(tr("Settings"), icon=":material/tune:", key=f"settings:{card.id}"):
            _settings(page, card)
        if card.state != "reconnect":
            label, icon = (tr("Resume"), ":material/play_arrow:") if card.state == "off" else (tr("Pause"), ":material/pause:")
            st.button(label, icon=icon, key=f"switch:{card.id}:{card.state}", on_click=_switch, args=(page, card))
        if st.button(tr("Disconnect"), icon=":material/link_off:", key=f"remove:{card.id}"):
            confirm(
                tr("Disconnect {name}?", name=plain(card.name)),
                tr(
                    "Its tokens are erased here. Published posts stay in the calendar; posts still planned on it are "
                    "not published until you connect the same account again."
                ),
                action=tr("Disconnect"),
                act=lambda: _remove(page, card),
            )


def _check_account(page: Page, card: ChannelCard) -> None:
    clear_flash()
    with toast_errors():
        st.session_state[f"channels:look:{card.id}"] = (channels.check_account(page.app, page.transaction, card.id), now())
        queue_toast(tr("{name} works.", name=plain(card.name)))


def _switch(page: Page, card: ChannelCard) -> None:
    clear_flash()
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            channels.switch(tx, card.id, on=card.state == "off")
        name = plain(card.name)
        queue_toast(
            tr("{name} is active again.", name=name)
            if card.state == "off"
            else tr("{name} is paused: nothing is published on it.", name=name)
        )


def _remove(page: Page, card: ChannelCard) -> None:
    clear_flash()
    with page.transaction(needs="editor") as tx:
        channels.remove(tx, card.id)
    queue_toast(tr("{name} is disconnected.", name=plain(card.name)))


def _settings(page: Page, card: ChannelCard) -> None:
    @st.dialog(tr("Settings of {name}", name=plain(card.name)))
    def form() -> None:
        audiences = _available_audiences(page, card)
        with st.form(f"channel:{card.id}", border=False):
            name = st.text_input(tr("Display name"), card.name, max_chars=80)
            privacy: str = card.settings.get("privacy", "")
            made_for_kids: bool | None = card.settings.get("made_for_kids")
            if card.platform in PRIVACY:
                options = ["", *audiences]
                privacy = st.selectbox(
                    tr("Who can see posts"),
                    options,
                    index=options.index(privacy) if privacy in options else 0,
                    format_func=lambda value: worded(PRIVACY[card.platform].get(value, tr_lazy("Chosen for each post"))),
                )
            if PLATFORMS[card.platform].asks_made_for_kids:
                made_for_kids = st.radio(
                    tr("Made for kids"),
                    [False, True],
                    index=None if made_for_kids is None else int(made_for_kids),
                    horizontal=True,
                    format_func=lambda value: tr("Yes, made for kids") if value else tr("No"),
                )
            st.checkbox(tr("Label posts as made with AI"), True, disabled=True, help=tr("Always on, on every platform."))
            submitted = st.form_submit_button(tr("Save"), type="primary")
        if submitted:
            try:
                with page.transaction(needs="editor") as tx:
                    channels.rename(tx, card.id, name)
                    channels.save_settings(tx, card.id, privacy=privacy, made_for_kids=made_for_kids)
            except StudioError as error:
                st.error(plain(worded(error.message)), icon=":material/error:")
                return
            queue_toast(tr("Saved. It applies to posts from now on."))
            st.rerun()

    form()


def _available_audiences(page: Page, card: ChannelCard) -> list[str]:
    """The audiences that can be chosen now. TikTok names them per account (creator_info), so the form asks when opened."""
    audiences = list(PRIVACY.get(card.platform, {}))
    if not PLATFORMS[card.platform].privacy_per_account:
        return audiences
    try:
        with st.spinner(tr("Asking {platform} what this account may choose", platform=worded(PLATFORMS[card.platform].label))):
            account = channels.check_account(page.app, page.transaction, card.id)
    except StudioError as error:
        st.warning(
            plain(joined(worded(error.message), tr("The choice is checked again before each post."))),
            icon=":material/cloud_off:",
        )
        return audiences
    return [audience for audience in audiences if audience in account.privacy]
