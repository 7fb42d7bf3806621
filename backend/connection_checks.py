"""What still keeps posts from going out and engines from working: keys, addresses, permissions, the platforms' reviews, clocks.

Each finding says what was looked at, what was seen, and what to do next. The checks do not raise; nothing is published by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

import httpx

from backend import VERSION, channels, content_plans
from backend.app import App
from backend.channels import ChannelCard
from backend.errors import StudioError
from backend.kit.clock import now
from backend.platforms.platform import Platform
from backend.platforms.registry import PLATFORMS

Status = Literal["ok", "warning", "failed", "unknown"]
STATUSES: tuple[Status, ...] = ("failed", "warning", "unknown", "ok")
"""The worst first."""
MAX_CLOCK_ERROR_S = 60.0
"""Platforms refuse requests, and signed addresses end too early or too late, when clocks differ by minutes."""
_TIMEOUT_S = 6.0
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class ConnectionFinding:
    """One thing that was looked at. `message`: what was seen. `next_step`: what to do; "" when nothing is missing."""

    name: str
    status: Status
    message: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class ChannelReport:
    channel: ChannelCard
    findings: tuple[ConnectionFinding, ...]

    @property
    def status(self) -> Status:
        return worst(self.findings)


@dataclass(frozen=True, slots=True)
class PlatformReport:
    """What a platform needs of the installation, and its channels in the workspace."""

    platform: Platform
    findings: tuple[ConnectionFinding, ...]
    channels: tuple[ChannelReport, ...]

    @property
    def status(self) -> Status:
        return worst([*self.findings, *(finding for report in self.channels for finding in report.findings)])


def worst(findings: Iterable[ConnectionFinding]) -> Status:
    """The worst status of the findings; ok when there is none."""
    return min((finding.status for finding in findings), key=STATUSES.index, default="ok")


def check_server(app: App) -> list[ConnectionFinding]:
    """Whether people and platforms can reach this installation, and whether its clock is right."""
    with ThreadPoolExecutor(2) as pool:
        address = pool.submit(_public_address, app)
        clock = pool.submit(_clock, app)
        return [address.result(), clock.result()]


def check_platforms(app: App, transact: channels.Transact, origin: str, *, influencer_id: str = "") -> list[PlatformReport]:
    """Every platform with its channels, asked at the same time. `origin`: of the studio, as the user's browser sees it.
    `influencer_id` "": channels of all influencers.

    `transact` opens transactions of the caller; none may be open meanwhile.
    """
    with transact() as tx:
        cards = [card for card in channels.of(tx) if influencer_id in ("", card.influencer_id)]
        failures = content_plans.latest_failures(tx)
    with ThreadPoolExecutor(_WORKERS) as pool:
        reports = list(pool.map(partial(_channel, app, transact, failures), cards))
    return [
        PlatformReport(
            platform,
            tuple(_platform(app, platform, origin)),
            tuple(report for report in reports if report.channel.platform == name),
        )
        for name, platform in PLATFORMS.items()
    ]


def _platform(app: App, platform: Platform, origin: str) -> list[ConnectionFinding]:
    if problem := channels.setup_problem(app, platform.name, origin):
        return [ConnectionFinding("App keys and address", "failed" if not platform.practice else "warning", problem, problem)]
    if platform.practice:
        return [ConnectionFinding("Practice platform", "ok", "It runs beside the studio and needs no account.")]
    findings = [
        ConnectionFinding("App keys and address", "ok", f"Set. Redirect address of the app: {origin}{channels.CALLBACK_PATH}")
    ]
    if any(limits.fetched for limits in platform.formats.values()):
        findings.append(_files(app, platform))
    if platform.review_step:
        findings.append(ConnectionFinding("Review by the platform", "unknown", "No call tells this.", platform.review_step))
    return findings


def _files(app: App, platform: Platform) -> ConnectionFinding:
    """Whether the platform can fetch pictures and videos from us: it needs a public https address."""
    name = "Files can be fetched"
    if app.settings.storage.public_endpoint:
        return ConnectionFinding(name, "ok", f"{platform.label} fetches files from {app.settings.storage.public_endpoint}.")
    host = urlsplit(app.settings.web.base_url).hostname or ""
    api_host = urlsplit(platform.api_url(app.settings)).hostname
    if api_host in _LOOPBACK_HOSTS or (app.settings.web.public_url.startswith("https://") and host not in _LOOPBACK_HOSTS):
        return ConnectionFinding(name, "ok", f"{platform.label} fetches files from {app.settings.web.base_url}.")
    step = "Set PUBLIC_URL to an https address that can be reached from the internet (or S3_PUBLIC_ENDPOINT), then restart."
    return ConnectionFinding(
        name, "failed", f"{platform.label} fetches files itself and cannot reach {app.settings.web.base_url}.", step
    )


def _channel(
    app: App, transact: channels.Transact, failures: dict[str, content_plans.LatestFailure], card: ChannelCard
) -> ChannelReport:
    findings = [_connection(card)]
    if card.state == "connected":
        findings += _account(app, transact, card)
    if failure := failures.get(card.id):
        step = "Correct the post in the Inbox and publish it again."
        findings.append(
            ConnectionFinding("Last failed post", "warning", f"{failure.at:%-d %b, %H:%M} UTC: {failure.error}", step)
        )
    return ChannelReport(card, tuple(findings))


def _connection(card: ChannelCard) -> ConnectionFinding:
    name = "Connection"
    match card.state:
        case "reconnect":
            return ConnectionFinding(name, "failed", card.trouble, "Connect the account again under Channels.")
        case "off":
            return ConnectionFinding(name, "warning", "Paused: nothing is published on it.", "Resume it under Channels.")
    if card.expires_soon(now()) and card.expires_at:
        ends = f"The permission ends on {card.expires_at:%-d %B}."
        return ConnectionFinding(name, "warning", ends, "Connect the account again before then; nothing is lost.")
    until = f" until {card.expires_at:%-d %b %Y}, renewed by itself" if card.expires_at else ""
    return ConnectionFinding(name, "ok", f"Connected{until}.")


def _account(app: App, transact: channels.Transact, card: ChannelCard) -> list[ConnectionFinding]:
    """Asks the platform for the account: whether it opens, what it may still post today, and who may see posts."""
    try:
        account = channels.check_account(app, transact, card.id)
    except StudioError as error:
        return [
            ConnectionFinding(
                "Account", "failed", error.message, "Try again in a moment; if it stays, connect the account again."
            )
        ]
    findings = [ConnectionFinding("Account", "ok", f"{account.name or card.name} answers.")]
    if account.quota and account.quota.total is not None:
        left, total = account.quota.left, account.quota.total
        status: Status = "ok" if left else "warning"
        step = "" if left else "Posts wait until the platform takes more; spread them over more days."
        findings.append(ConnectionFinding("Posts left today", status, f"{left:,} of {total:,}.", step))
    platform = PLATFORMS[card.platform]
    if platform.only_me and account.privacy == (platform.only_me,):
        message = f"{platform.label} lets this app post for the account's owner only."
        step = f"Have the app audited by {platform.label}, or set the account to private until then."
        findings.append(ConnectionFinding("Who may see posts", "warning", message, step))
    return findings


def _public_address(app: App) -> ConnectionFinding:
    name, base_url = "Public address", app.settings.web.base_url
    host = urlsplit(base_url).hostname or ""
    if not app.settings.web.public_url:
        step = (
            "To connect real accounts, set PUBLIC_URL to the studio's https address and restart. The practice platform works."
        )
        return ConnectionFinding(name, "warning", f"PUBLIC_URL is not set; the studio calls itself {base_url}.", step)
    try:
        response = httpx.get(f"{base_url}/health", timeout=_TIMEOUT_S)
        version = (
            response.json().get("version", "") if response.headers.get("content-type", "").startswith("application/") else ""
        )
    except (httpx.HTTPError, ValueError) as error:
        step = "Check the DNS name, the proxy, its certificate and the firewall."
        return ConnectionFinding(
            name, "failed", f"{base_url} does not answer from this machine ({type(error).__name__}).", step
        )
    if version != VERSION:
        step = "PUBLIC_URL has to lead to this studio: check the proxy's target, and restart old processes."
        return ConnectionFinding(name, "failed", f"At {base_url} answers something else (status {response.status_code}).", step)
    if not base_url.startswith("https://") or host in _LOOPBACK_HOSTS:
        step = "Platforms send people and fetch files only from public https addresses: put a proxy with TLS in front."
        return ConnectionFinding(name, "warning", f"{base_url} leads here, but is not a public https address.", step)
    return ConnectionFinding(
        name, "ok", f"{base_url} leads here (asked from this machine; the internet may see it differently)."
    )


def _clock(app: App) -> ConnectionFinding:
    """Compares this machine's clock with the Date header of the first platform's API that answers."""
    urls = [platform.api_url(app.settings) for platform in PLATFORMS.values() if not platform.practice]
    for url in filter(None, urls):
        try:
            sent_at = now()
            response = httpx.head(url, timeout=_TIMEOUT_S)
            seconds = (parsedate_to_datetime(response.headers["date"]) - sent_at).total_seconds()
        except (httpx.HTTPError, KeyError, ValueError):
            continue
        host = urlsplit(url).hostname
        if abs(seconds) <= MAX_CLOCK_ERROR_S:
            return ConnectionFinding("Clock", "ok", f"It agrees with {host} within {max(1, round(abs(seconds)))} s.")
        late = "behind" if seconds > 0 else "ahead of"
        step = "Turn on time synchronisation (NTP) on this machine."
        return ConnectionFinding("Clock", "failed", f"This machine is {abs(seconds):,.0f} s {late} {host}.", step)
    return ConnectionFinding(
        "Clock", "unknown", "No platform answered, so it could not be compared.", "Check the internet connection."
    )
