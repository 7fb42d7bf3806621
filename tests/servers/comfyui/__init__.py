"""A ComfyUI as its real servers behave (0.33 and 0.3.64), without a model: real protocol, real files, faults on switches.

Every behaviour names its section of what was measured on live servers, docs/contracts/comfyui.md. `ComfyServer` runs one in
a thread of the test; `python -m tests.servers.comfyui` in a process.
"""

from tests.servers.comfyui.faults import Faults
from tests.servers.comfyui.server import ComfyServer

__all__ = ["ComfyServer", "Faults"]
