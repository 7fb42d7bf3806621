"""The classes of one server in the shape of /object_info. Files in a combo are those on disk at that moment."""

from __future__ import annotations

from typing import Any

from tests.servers.comfyui.classes import CLASSES, Files, NodeClass, Spec
from tests.servers.comfyui.folders import Folders


class Catalogue:
    """The classes of one server. `absent`: classes and packs (`vhs`, `animatediff`) that are not installed there."""

    def __init__(self, folders: Folders, absent: set[str]) -> None:
        self._folders, self.absent = folders, absent

    def get(self, name: Any) -> NodeClass | None:
        node_class = CLASSES.get(name) if isinstance(name, str) else None
        return None if node_class is None or name in self.absent or node_class.custom in self.absent - {""} else node_class

    def options(self, spec: Spec) -> list[str] | None:
        """The options that a combo offers now; None for other inputs."""
        if isinstance(spec[0], Files):
            if spec[0].kind == "input":
                return sorted(path.name for path in (self._folders.root / "input").iterdir() if path.is_file())
            return self._folders.names(spec[0].kind)
        if spec[0] == "COMBO":
            return list(spec[1]["options"])
        return list(spec[0]) if isinstance(spec[0], list) else None

    def info(self, name: str) -> dict[str, Any]:
        """One class as in /object_info; {} when it is not installed (comfyui.md, 7)."""
        node_class = self.get(name)
        if node_class is None:
            return {}
        inputs = {
            part: {key: self._shown(spec) for key, spec in specs.items()}
            for part, specs in (("required", node_class.required), ("optional", node_class.optional))
            if specs
        }
        return {
            "input": inputs,
            "input_order": {part: list(specs) for part, specs in inputs.items()},
            "output": list(node_class.outputs),
            "output_is_list": [False] * len(node_class.outputs),
            "output_name": list(node_class.outputs),
            "name": name,
            "display_name": name,
            "description": "",
            "python_module": f"custom_nodes.{node_class.custom}" if node_class.custom else "nodes",
            "category": "studio",
            "output_node": node_class.output_node,
        }

    def all(self) -> dict[str, Any]:
        return {name: info for name in CLASSES if (info := self.info(name))}

    def _shown(self, spec: Spec) -> Spec:
        return [self.options(spec), *spec[1:]] if isinstance(spec[0], Files) else spec
