"""The wire of the practice platform (backend/sandbox_platform)."""

from backend.clients.sandbox.http import Client, Draft, Profile, Refusal, Token

__all__ = ["Client", "Draft", "Profile", "Refusal", "Token"]
