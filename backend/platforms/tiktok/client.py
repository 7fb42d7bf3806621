"""Client of TikTok's Content Posting API; docs/contracts/tiktok.md."""

from backend.platforms.tiktok.client_http import TikTokClient
from backend.platforms.tiktok.client_models import Creator, Init, Status, TikTokApiError, TikTokErrorBody, TikTokToken

__all__ = ["Creator", "Init", "Status", "TikTokApiError", "TikTokClient", "TikTokErrorBody", "TikTokToken"]
