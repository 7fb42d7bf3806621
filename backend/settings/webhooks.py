"""Settings of what other programs are told, and of script-to-video runs that programs order."""

from __future__ import annotations

from pydantic import SecretStr

from backend.settings.section import SettingsSection, env, secret


class WebhookSettings(SettingsSection):
    """Webhooks, and the orchestrator of script-to-video runs"""

    secret: SecretStr = secret(
        "WEBHOOK_SECRET", "signs webhooks: whsec_ and base64 of 24 to 64 bytes; default: a key made from SECRET_KEYS"
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
