"""Client of the Instagram Graph API (Instagram Login); docs/contracts/instagram.md."""

from backend.platforms.instagram.client_http import InstagramClient
from backend.platforms.instagram.client_models import (
    Container,
    InstagramApiError,
    InstagramErrorBody,
    InstagramProfile,
    InstagramToken,
    Usage,
)

__all__ = [
    "Container",
    "InstagramApiError",
    "InstagramClient",
    "InstagramErrorBody",
    "InstagramProfile",
    "InstagramToken",
    "Usage",
]
