"""A server that answers as the Instagram Graph API does; behaviours cite docs/contracts/instagram.md."""

from tests.servers.instagram.faults import Faults
from tests.servers.instagram.server import InstagramServer

__all__ = ["Faults", "InstagramServer"]
