"""ComfyUI's HTTP API and socket, typed. Measured on 0.3.64 and 0.33.0: docs/contracts/comfyui.md."""

from backend.engines.comfyui.client_http import ComfyClient, ComfyRefused, ComfyUnreachable
from backend.engines.comfyui.client_models import HistoryEntry, QueuedPrompt, QueueState, ResultFile, SocketMessage
from backend.engines.comfyui.client_socket import ComfySocket

__all__ = [
    "ComfyClient",
    "ComfyRefused",
    "ComfySocket",
    "ComfyUnreachable",
    "HistoryEntry",
    "QueueState",
    "QueuedPrompt",
    "ResultFile",
    "SocketMessage",
]
