"""What still keeps posts from going out, with the next step. A check publishes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from backend import connection_checks
from backend.api.api_model import ApiModel, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.connection_checks import ConnectionFinding, PlatformReport

router = APIRouter(prefix="/connections", tags=["channels"], dependencies=[needs_scope("channels")])
Status = Literal["ok", "warning", "failed", "unknown"]


class FindingResponse(ApiModel):
    """`message`: what was seen; `nextStep`: what to do, "" when nothing is missing."""

    name: Worded
    status: Status
    message: Worded
    next_step: Worded


class ChannelReportResponse(ApiModel):
    channel_id: str
    name: str
    influencer_id: str
    status: Status
    findings: list[FindingResponse]


class PlatformReportResponse(ApiModel):
    platform: str
    status: Status
    findings: list[FindingResponse]
    channels: list[ChannelReportResponse]


class ConnectionsResponse(ApiModel):
    server: list[FindingResponse]
    platforms: list[PlatformReportResponse]


@router.get("")
def check_connections(
    app: Studio, caller: Caller, influencer_id: Annotated[str, Query(alias="influencerId", max_length=80)] = ""
) -> ConnectionsResponse:
    """Asks every platform for the workspace's accounts, and looks at keys, addresses and clocks. Takes seconds."""
    reports = connection_checks.check_platforms(
        app, lambda: app.db.transaction(caller), app.settings.web.base_url, influencer_id=influencer_id
    )
    return ConnectionsResponse(
        server=_findings(connection_checks.check_server(app)), platforms=[_platform(report) for report in reports]
    )


def _platform(report: PlatformReport) -> PlatformReportResponse:
    return PlatformReportResponse(
        platform=report.platform.name,
        status=report.status,
        findings=_findings(report.findings),
        channels=[
            ChannelReportResponse(
                channel_id=channel_report.channel.id,
                name=channel_report.channel.name,
                influencer_id=channel_report.channel.influencer_id,
                status=channel_report.status,
                findings=_findings(channel_report.findings),
            )
            for channel_report in report.channels
        ],
    )


def _findings(findings: list[ConnectionFinding] | tuple[ConnectionFinding, ...]) -> list[FindingResponse]:
    return [FindingResponse.model_validate(finding) for finding in findings]
