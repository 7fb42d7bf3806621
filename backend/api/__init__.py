"""The HTTP edge: JSON under /api, and what probes and Prometheus ask beside it."""

from backend.api.app import create
from backend.api.probes import probes
from backend.api.styleforge import styleforge

__all__ = ["create", "probes", "styleforge"]
