"""A model server that answers as OpenRouter does; each behaviour cites its section of docs/contracts/openrouter.md."""

from tests.servers.openrouter.faults import Faults
from tests.servers.openrouter.server import ModelServer

__all__ = ["Faults", "ModelServer"]
