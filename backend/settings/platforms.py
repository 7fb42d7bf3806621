"""Settings of the platforms, one section each, and of publishing on any of them."""

from __future__ import annotations

from pydantic import SecretStr

from backend.settings.section import SettingsSection, env, secret
from backend.settings.work import MB, Seconds


class InstagramSettings(SettingsSection):
    """Instagram"""

    app_id: str = env("INSTAGRAM_APP_ID", "", "of your Meta app (API setup with Instagram login)")
    app_secret: SecretStr = secret("INSTAGRAM_APP_SECRET")
    api_version: str = env("INSTAGRAM_API_VERSION", "v25.0")
    graph_url: str = env("INSTAGRAM_GRAPH_URL", "https://graph.instagram.com")
    authorize_url: str = env("INSTAGRAM_AUTHORIZE_URL", "https://www.instagram.com/oauth/authorize")
    token_url: str = env("INSTAGRAM_TOKEN_URL", "https://api.instagram.com/oauth/access_token")


class TikTokSettings(SettingsSection):
    """TikTok"""

    client_key: str = env("TIKTOK_CLIENT_KEY", "", "of your TikTok app (Login Kit and Content Posting API)")
    client_secret: SecretStr = secret("TIKTOK_CLIENT_SECRET")
    api_url: str = env("TIKTOK_API_URL", "https://open.tiktokapis.com")
    authorize_url: str = env("TIKTOK_AUTHORIZE_URL", "https://www.tiktok.com/v2/auth/authorize/")


class YouTubeSettings(SettingsSection):
    """YouTube"""

    client_id: str = env("YOUTUBE_CLIENT_ID", "", "OAuth client of a Google Cloud project with the YouTube Data API")
    client_secret: SecretStr = secret("YOUTUBE_CLIENT_SECRET")
    api_url: str = env("YOUTUBE_API_URL", "https://www.googleapis.com")
    authorize_url: str = env("YOUTUBE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth")
    token_url: str = env("YOUTUBE_TOKEN_URL", "https://oauth2.googleapis.com/token")


class SandboxSettings(SettingsSection):
    """The practice platform"""

    url: str = env("SANDBOX_URL", "", "the practice platform; `make run` starts one")
    host: str = env(
        "SANDBOX_HOST",
        "127.0.0.1",
        "where that one listens: it has no passwords, so other machines reach it only if this says so",
    )
    public_url: str = env("SANDBOX_PUBLIC_URL", "", "where browsers reach it; default: SANDBOX_URL")


class PublishingSettings(SettingsSection):
    """Publishing, whatever the platform"""

    timeout_s: float = env("PLATFORM_TIMEOUT_S", 60.0, "silence until a platform's answer counts as lost")
    poll_s: float = env(
        "PLATFORM_POLL_S", 5.0, "how soon a platform is asked again whether a picture is ready; videos: 4 times that"
    )
    settle_s: float = env("PLATFORM_SETTLE_S", 90.0, "after a lost answer, how long a platform's no is not believed yet")
    chunk_size: int = env(
        "PLATFORM_CHUNK_SIZE", 8 * MB, "bytes sent at once; TikTok takes 5 to 64 MB, YouTube multiples of 256 KB"
    )
    retry_delays_s: Seconds = env(
        "POST_RETRY_DELAYS_S",
        (60.0, 300.0, 900.0, 3600.0, 10800.0),
        "after a failed try to publish, until the next; then it has failed",
    )
