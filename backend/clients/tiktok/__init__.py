"""The wire of TikTok's Content Posting API; contracts/publishing-and-openrouter B2."""

from backend.clients.tiktok.http import Client
from backend.clients.tiktok.shapes import Creator, Init, Problem, Refusal, Status, Token

__all__ = ["Client", "Creator", "Init", "Problem", "Refusal", "Status", "Token"]
