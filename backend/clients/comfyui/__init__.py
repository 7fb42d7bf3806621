"""ComfyUI's wire and nothing else: typed HTTP calls and a socket. Measured on 0.3.64 and 0.33.0."""

from backend.clients.comfyui.http import Away, Client, Refusal
from backend.clients.comfyui.shapes import Accepted, Entry, File, Line, Message
from backend.clients.comfyui.socket import Socket

__all__ = ["Accepted", "Away", "Client", "Entry", "File", "Line", "Message", "Refusal", "Socket"]
