"""The wire of the practice platform (ops/sandbox_platform)."""

from backend.platforms.sandbox.client_http import Client, Draft, Profile, Refusal, Token

__all__ = ["Client", "Draft", "Profile", "Refusal", "Token"]
