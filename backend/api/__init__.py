"""The HTTP edge: JSON under /api, and what probes and Prometheus ask beside it."""

from backend.api.app import create
from backend.api.exposure import METRICS, NO_METRICS, may_read_metrics, no_address, unknown_host
from backend.api.probes import probes
from backend.api.styleforge import styleforge

__all__ = ["METRICS", "NO_METRICS", "create", "may_read_metrics", "no_address", "probes", "styleforge", "unknown_host"]
