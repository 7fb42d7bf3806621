"""A server that answers as the YouTube Data API v3 with resumable upload; docs/contracts/youtube.md."""

from tests.servers.youtube.faults import Faults
from tests.servers.youtube.server import YouTubeServer

__all__ = ["Faults", "YouTubeServer"]
