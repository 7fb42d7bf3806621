"""The wire of the Instagram Graph API (Instagram Login); docs/contracts/instagram.md."""

from backend.platforms.instagram.client_http import Client
from backend.platforms.instagram.client_models import Container, Me, Problem, Refusal, Token, Usage

__all__ = ["Client", "Container", "Me", "Problem", "Refusal", "Token", "Usage"]
