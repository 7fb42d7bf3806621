"""A model server that answers as OpenRouter does; each behaviour cites its line of contracts/publishing-and-openrouter B5."""

from tests.servers.openrouter.faults import Faults
from tests.servers.openrouter.server import ModelServer

__all__ = ["Faults", "ModelServer"]
