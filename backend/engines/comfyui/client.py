"""ComfyUI's wire and nothing else: typed HTTP calls and a socket. Measured on 0.3.64 and 0.33.0: docs/contracts/comfyui.md."""

from backend.engines.comfyui.client_http import Away, Client, Refusal
from backend.engines.comfyui.client_models import Accepted, Entry, File, Line, Message
from backend.engines.comfyui.client_socket import Socket

__all__ = ["Accepted", "Away", "Client", "Entry", "File", "Line", "Message", "Refusal", "Socket"]
