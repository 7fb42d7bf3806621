"""A server that answers as the YouTube Data API v3 with resumable upload; contracts/publishing-and-openrouter B3."""

from tests.servers.youtube.faults import Faults
from tests.servers.youtube.server import YouTubeServer

__all__ = ["Faults", "YouTubeServer"]
