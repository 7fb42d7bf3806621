"""What still keeps posts from going out and engines from working: keys, addresses, permissions, the platforms' reviews, clocks.

Each finding says what was looked at, what was seen, and what to do next. The checks do not raise; nothing is published by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC
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
from backend.language import Moment, tr_lazy
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
        return [
            ConnectionFinding(
                tr_lazy("App keys and address"), "failed" if not platform.practice else "warning", problem, problem
            )
        ]
    if platform.practice:
        return [
            ConnectionFinding(tr_lazy("Practice platform"), "ok", tr_lazy("It runs beside the studio and needs no account."))
        ]
    findings = [
        ConnectionFinding(
            tr_lazy("App keys and address"),
            "ok",
            tr_lazy("Set. Redirect address of the app: {url}", url=f"{origin}{channels.CALLBACK_PATH}"),
        )
    ]
    if any(limits.fetched for limits in platform.formats.values()):
        findings.append(_files(app, platform))
    if platform.review_step:
        findings.append(
            ConnectionFinding(
                tr_lazy("Review by the platform"), "unknown", tr_lazy("The platform does not tell this."), platform.review_step
            )
        )
    return findings


def _files(app: App, platform: Platform) -> ConnectionFinding:
    """Whether the platform can fetch pictures and videos from us: it needs a public https address."""
    name = tr_lazy("Files can be fetched")
    if app.settings.storage.public_endpoint:
        return ConnectionFinding(
            name,
            "ok",
            tr_lazy("{platform} fetches files from {url}.", platform=platform.label, url=app.settings.storage.public_endpoint),
        )
    host = urlsplit(app.settings.web.base_url).hostname or ""
    api_host = urlsplit(platform.api_url(app.settings)).hostname
    if api_host in _LOOPBACK_HOSTS or (app.settings.web.public_url.startswith("https://") and host not in _LOOPBACK_HOSTS):
        return ConnectionFinding(
            name, "ok", tr_lazy("{platform} fetches files from {url}.", platform=platform.label, url=app.settings.web.base_url)
        )
    step = tr_lazy(
        "Set PUBLIC_URL to an https address that can be reached from the internet (or S3_PUBLIC_ENDPOINT), then restart."
    )
    return ConnectionFinding(
        name,
        "failed",
        tr_lazy(
            "{platform} fetches files itself and cannot reach {url}.", platform=platform.label, url=app.settings.web.base_url
        ),
        step,
    )


def _channel(
    app: App, transact: channels.Transact, failures: dict[str, content_plans.LatestFailure], card: ChannelCard
) -> ChannelReport:
    findings = [_connection(card)]
    if card.state == "connected":
        findings += _account(app, transact, card)
    if failure := failures.get(card.id):
        step = tr_lazy("Correct the post in the Inbox and publish it again.")
        findings.append(
            ConnectionFinding(
                tr_lazy("Last failed post"),
                "warning",
                tr_lazy("{time} UTC: {error}", time=Moment(failure.at.astimezone(UTC)), error=failure.error),
                step,
            )
        )
    return ChannelReport(card, tuple(findings))


def _connection(card: ChannelCard) -> ConnectionFinding:
    name = tr_lazy("Connection")
    match card.state:
        case "reconnect":
            return ConnectionFinding(name, "failed", card.trouble, tr_lazy("Connect the account again under Channels."))
        case "off":
            return ConnectionFinding(
                name, "warning", tr_lazy("Paused: nothing is published on it."), tr_lazy("Resume it under Channels.")
            )
    if card.expires_soon(now()) and card.expires_at:
        ends = tr_lazy("The permission ends on {day}.", day=Moment(card.expires_at, "day"))
        return ConnectionFinding(name, "warning", ends, tr_lazy("Connect the account again before then; nothing is lost."))
    if card.expires_at is None:
        return ConnectionFinding(name, "ok", tr_lazy("Connected."))
    connected = tr_lazy("Connected until {day}, renewed by itself.", day=Moment(card.expires_at, "date"))
    return ConnectionFinding(name, "ok", connected)


def _account(app: App, transact: channels.Transact, card: ChannelCard) -> list[ConnectionFinding]:
    """Asks the platform for the account: whether it opens, what it may still post today, and who may see posts."""
    try:
        account = channels.check_account(app, transact, card.id)
    except StudioError as error:
        return [
            ConnectionFinding(
                tr_lazy("Account"),
                "failed",
                error.message,
                tr_lazy("Try again in a moment; if it keeps failing, connect the account again."),
            )
        ]
    findings = [ConnectionFinding(tr_lazy("Account"), "ok", tr_lazy("{name} answers.", name=account.name or card.name))]
    if account.quota and account.quota.total is not None:
        left, total = account.quota.left, account.quota.total
        status: Status = "ok" if left else "warning"
        step = "" if left else tr_lazy("Posts wait until the platform takes more; spread them over more days.")
        findings.append(
            ConnectionFinding(
                tr_lazy("Posts left today"), status, tr_lazy("{left:,} of {total:,}.", left=left or 0, total=total), step
            )
        )
    platform = PLATFORMS[card.platform]
    if platform.only_me and account.privacy == (platform.only_me,):
        message = tr_lazy("{platform} lets this app post for the account's owner only.", platform=platform.label)
        step = tr_lazy("Have the app audited by {platform}, or set the account to private until then.", platform=platform.label)
        findings.append(ConnectionFinding(tr_lazy("Who may see posts"), "warning", message, step))
    return findings


def _public_address(app: App) -> ConnectionFinding:
    name, base_url = tr_lazy("Public address"), app.settings.web.base_url
    host = urlsplit(base_url).hostname or ""
    if not app.settings.web.public_url:
        step = tr_lazy(
            "To connect real accounts, set PUBLIC_URL to the studio's https address and restart. The practice platform works."
        )
        return ConnectionFinding(
            name, "warning", tr_lazy("PUBLIC_URL is not set; the studio calls itself {url}.", url=base_url), step
        )
    try:
        response = httpx.get(f"{base_url}/health", timeout=_TIMEOUT_S)
        version = (
            response.json().get("version", "") if response.headers.get("content-type", "").startswith("application/") else ""
        )
    except (httpx.HTTPError, ValueError) as error:
        step = tr_lazy("Check the DNS name, the proxy, its certificate and the firewall.")
        return ConnectionFinding(
            name,
            "failed",
            tr_lazy("{url} does not answer from this machine ({error}).", url=base_url, error=type(error).__name__),
            step,
        )
    if version != VERSION:
        step = tr_lazy("PUBLIC_URL has to lead to this studio: check the proxy's target, and restart old processes.")
        return ConnectionFinding(
            name,
            "failed",
            tr_lazy("At {url} answers something else (status {status}).", url=base_url, status=response.status_code),
            step,
        )
    if not base_url.startswith("https://") or host in _LOOPBACK_HOSTS:
        step = tr_lazy("Platforms send people and fetch files only from public https addresses: put a proxy with TLS in front.")
        return ConnectionFinding(
            name, "warning", tr_lazy("{url} leads here, but is not a public https address.", url=base_url), step
        )
    return ConnectionFinding(
        name, "ok", tr_lazy("{url} leads here (asked from this machine; the internet may see it differently).", url=base_url)
    )


def _clock(app: App) -> ConnectionFinding:
    """Compares this machine's clock with the Date header of the first platform's API that answers."""
    name = tr_lazy("Clock")
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
            return ConnectionFinding(
                name, "ok", tr_lazy("It agrees with {host} within {n} s.", host=host or "", n=max(1, round(abs(seconds))))
            )
        step = tr_lazy("Turn on time synchronisation (NTP) on this machine.")
        if seconds > 0:
            message = tr_lazy("This machine is {n:,.0f} s behind {host}.", n=seconds, host=host or "")
        else:
            message = tr_lazy("This machine is {n:,.0f} s ahead of {host}.", n=-seconds, host=host or "")
        return ConnectionFinding(name, "failed", message, step)
    return ConnectionFinding(
        name,
        "unknown",
        tr_lazy("No platform answered, so it could not be compared."),
        tr_lazy("Check the internet connection."),
    )
