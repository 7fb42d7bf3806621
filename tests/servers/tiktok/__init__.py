"""A server that answers as TikTok's Content Posting API does; behaviours cite docs/contracts/tiktok.md."""

from tests.servers.tiktok.faults import Faults
from tests.servers.tiktok.server import TikTokServer

__all__ = ["Faults", "TikTokServer"]
