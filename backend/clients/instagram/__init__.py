"""The wire of the Instagram Graph API (Instagram Login); contracts/publishing-and-openrouter B1."""

from backend.clients.instagram.http import Client
from backend.clients.instagram.shapes import Container, Me, Problem, Refusal, Token, Usage

__all__ = ["Client", "Container", "Me", "Problem", "Refusal", "Token", "Usage"]
