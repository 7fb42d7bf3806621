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
        found = CLASSES.get(name) if isinstance(name, str) else None
        return None if found is None or name in self.absent or found.custom in self.absent - {""} else found

    def options(self, spec: Spec) -> list[str] | None:
        """What a combo offers now; None: it is no combo."""
        if isinstance(spec[0], Files):
            if spec[0].kind == "input":
                return sorted(path.name for path in (self._folders.root / "input").iterdir() if path.is_file())
            return self._folders.names(spec[0].kind)
        if spec[0] == "COMBO":
            return list(spec[1]["options"])
        return list(spec[0]) if isinstance(spec[0], list) else None

    def info(self, name: str) -> dict[str, Any]:
        """One class as /object_info tells it; {} when it is not installed (comfyui.md, 7)."""
        found = self.get(name)
        if found is None:
            return {}
        inputs = {
            part: {key: self._shown(spec) for key, spec in specs.items()}
            for part, specs in (("required", found.required), ("optional", found.optional))
            if specs
        }
        return {
            "input": inputs,
            "input_order": {part: list(specs) for part, specs in inputs.items()},
            "output": list(found.outputs),
            "output_is_list": [False] * len(found.outputs),
            "output_name": list(found.outputs),
            "name": name,
            "display_name": name,
            "description": "",
            "python_module": f"custom_nodes.{found.custom}" if found.custom else "nodes",
            "category": "studio",
            "output_node": found.output_node,
        }

    def all(self) -> dict[str, Any]:
        return {name: info for name in CLASSES if (info := self.info(name))}

    def _shown(self, spec: Spec) -> Spec:
        return [self.options(spec), *spec[1:]] if isinstance(spec[0], Files) else spec
