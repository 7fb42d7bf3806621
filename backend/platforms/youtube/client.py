"""Client of the YouTube Data API v3 with resumable upload; docs/contracts/youtube.md."""

from backend.platforms.youtube.client_http import YouTubeClient
from backend.platforms.youtube.client_models import (
    UploadProgress,
    Video,
    YouTubeApiError,
    YouTubeChannel,
    YouTubeErrorBody,
    YouTubeToken,
)

__all__ = ["UploadProgress", "Video", "YouTubeApiError", "YouTubeChannel", "YouTubeClient", "YouTubeErrorBody", "YouTubeToken"]
