"""The wire of TikTok's Content Posting API; docs/contracts/tiktok.md."""

from backend.platforms.tiktok.client_http import Client
from backend.platforms.tiktok.client_models import Creator, Init, Problem, Refusal, Status, Token

__all__ = ["Client", "Creator", "Init", "Problem", "Refusal", "Status", "Token"]
