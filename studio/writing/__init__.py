"""Texts, ideas and chats."""
