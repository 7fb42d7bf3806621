"""A real n8n takes minutes and gigabytes: only `make test-n8n` asks for it."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("REAL_N8N") else ["test_real.py"]
