"""A ComfyUI as its real servers behave (0.33 and 0.3.64), without a model: real protocol, real files, faults on switches.

Every behaviour names its line of the contract that was measured on live servers: `comfyui-and-kohya.md §1 POST /prompt`
means that section of it. `ComfyServer` runs one in a thread of the test; `python -m tests.servers.comfyui` in a process.
"""

from tests.servers.comfyui.faults import Faults
from tests.servers.comfyui.server import ComfyServer

__all__ = ["ComfyServer", "Faults"]
