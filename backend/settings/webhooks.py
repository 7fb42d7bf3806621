"""Settings of what other programs are told, and of script-to-video runs that programs order."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from backend.errors import Invalid
from backend.kit.outgoing_rules import OutgoingRules, allowed_hosts
from backend.settings.section import SettingsSection, env, secret, split


def _readable_hosts(entries: tuple[str, ...]) -> tuple[str, ...]:
    try:
        allowed_hosts(entries)
    except Invalid as error:
        raise ValueError(error.message) from error
    return entries


Delays = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(split), Field(min_length=1, max_length=30)]
AllowedHosts = Annotated[tuple[str, ...], BeforeValidator(split), AfterValidator(_readable_hosts)]


class WebhookSettings(SettingsSection):
    """Webhooks, and the orchestrator of script-to-video runs"""

    secret: SecretStr = secret(
        "WEBHOOK_SECRET", "signs webhooks: whsec_ and base64 of 24 to 64 bytes; default: a key made from SECRET_KEYS"
    )
    allowed_hosts: AllowedHosts = env(
        "WEBHOOK_ALLOWED_HOSTS",
        (),
        "inner hosts that workspaces may send to, comma-separated: n8n.lan, n8n.lan:5678, *.lan or 192.168.1.0/24",
    )
    plain_http: bool = env("WEBHOOK_PLAIN_HTTP", False, "workspaces may give http addresses (port 80) too")
    timeout_s: float = Field(20.0, alias="WEBHOOK_TIMEOUT_S", gt=0, le=30, description="how long a try may take")
    retry_delays_s: Delays = env(
        "WEBHOOK_RETRY_DELAYS_S",
        (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0),
        "how long to wait after each failed try; after the last of them a message is given up",
    )
    retry_jitter: float = Field(
        0.1, alias="WEBHOOK_RETRY_JITTER", ge=0, le=1, description="share of a delay that is added at random, at most"
    )
    disable_after_s: float = Field(
        432_000.0, alias="WEBHOOK_DISABLE_AFTER_S", gt=0, description="an endpoint that failed for so long is switched off"
    )
    n8n_url: str = env(
        "N8N_WEBHOOK_URL", "", "your n8n: told of every job's end at /webhook/job-completed and /webhook/job-failed below it"
    )
    video_completed_url: str = env(
        "VIDEO_COMPLETED_N8N_WEBHOOK_URL", "", "is told when a video of /orchestrate is done or has failed"
    )
    job_update_url: str = env(
        "FRONTEND_WEBHOOK_URL", "", "is told {job_id, status} then, too: https://…/frontend/webhook/job-update"
    )
    orchestrator_paths: bool = env(
        "ORCHESTRATOR_PATHS", True, "/orchestrate/start, /status, /video and /webhook/create-video beside the pages"
    )
    shared_base: str = env(
        "DATA_SHARED_BASE",
        "",
        "folder for copies of finished runs, {workspace}/{run_id}/; it must not be or hold STUDIO_DATA",
    )
    shared_days: int = env("RETAIN_SHARED_RUNS_DAYS", 30, "how long these copies are kept")

    @property
    def outgoing_rules(self) -> OutgoingRules:
        """Where URLs of workspaces may lead. For every request to an address that a workspace chose."""
        return OutgoingRules(allowed_hosts(self.allowed_hosts), self.plain_http)
