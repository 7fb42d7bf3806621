"""Client of the practice platform (ops/sandbox_platform)."""

from backend.platforms.sandbox.client_http import SandboxApiError, SandboxClient, SandboxDraft, SandboxProfile, SandboxToken

__all__ = ["SandboxApiError", "SandboxClient", "SandboxDraft", "SandboxProfile", "SandboxToken"]
