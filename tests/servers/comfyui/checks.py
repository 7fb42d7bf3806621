"""What POST /prompt checks before it queues (comfyui.md, 2). Unreached nodes are not looked at."""

from __future__ import annotations

from typing import Any

from tests.servers.comfyui.catalogue import Catalogue
from tests.servers.comfyui.folders import Folders

Reasons = list[dict[str, Any]]
MOST_LISTED = 20


def refusal(kind: str, message: str, details: str = "", **extra: Any) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


class Checker:
    """One graph's check. Raises what the real one raises (KeyError, TypeError) for shapes it never expected: answered 500."""

    def __init__(self, catalogue: Catalogue, folders: Folders, *, old: bool) -> None:
        self._catalogue, self._folders, self._old = catalogue, folders, old

    def check(self, prompt: Any) -> tuple[dict[str, Any] | None, list[str], dict[str, Any]]:
        """(error, good output nodes, node_errors). One good output is enough: the bad ones are dropped (200 with errors)."""
        ends = []
        for node_id in prompt:
            node = prompt[node_id]
            name = None
            if "class_type" in node:  # a number raises here, as in the real one
                name = node["class_type"]
            node_class = self._catalogue.get(name)
            if node_class is None:
                return self._unknown(node_id, node, name), [], {}
            if node_class.output_node:
                ends.append(node_id)
        if not ends:
            return refusal("prompt_no_outputs", "Prompt has no outputs"), [], {}
        good, errors = [], {}
        reasons_by_node: dict[str, Reasons] = {}
        for end in ends:
            try:
                bad = self._inputs(prompt, end, reasons_by_node, ())
            except Exception as error:
                why = refusal("exception_during_validation", "Exception when validating node", str(error))
                bad = reasons_by_node[end] = [why]
            if not bad and not any(reasons_by_node.get(node_id) for node_id in _with_ancestors(prompt, end)):
                good.append(end)
                continue
            for node_id in _with_ancestors(prompt, end):
                if reasons := reasons_by_node.get(node_id):
                    node_error = {"errors": reasons, "dependent_outputs": [], "class_type": prompt[node_id]["class_type"]}
                    errors.setdefault(node_id, node_error)["dependent_outputs"].append(end)
        if not good:
            return refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation"), [], errors
        return None, good, errors

    def _unknown(self, node_id: str, node: Any, name: Any) -> dict[str, Any]:
        """comfyui.md, 2: missing_node_type; 0.3.64 says invalid_prompt."""
        title = node.get("_meta", {}).get("title", name)
        extra = {"node_id": node_id, "class_type": name, "node_title": title}
        kind = "invalid_prompt" if self._old else "missing_node_type"
        return refusal(kind, f"Cannot execute because node {name} does not exist.", f"Node ID '#{node_id}'", **extra)

    def _inputs(self, prompt: Any, node_id: str, reasons_by_node: dict[str, Reasons], path: tuple[str, ...]) -> Reasons:
        if node_id in reasons_by_node:
            return reasons_by_node[node_id]
        node = prompt[node_id]
        inputs = node["inputs"]
        node_class = self._catalogue.get(node["class_type"])
        assert node_class
        reasons: Reasons = []
        for name, spec in {**node_class.required, **node_class.optional}.items():
            if name not in inputs:
                if name in node_class.required and not _has_default(spec):
                    reasons.append(refusal("required_input_missing", "Required input is missing", name, input_name=name))
                continue
            value = inputs[name]
            if isinstance(value, list):
                reasons += self._link(prompt, name, spec, value, reasons_by_node, (*path, node_id))
            else:
                reasons += self._value(name, spec, value, inputs)
        reasons_by_node[node_id] = reasons
        return reasons

    def _link(
        self,
        prompt: Any,
        name: str,
        spec: list[Any],
        link: list[Any],
        reasons_by_node: dict[str, Reasons],
        path: tuple[str, ...],
    ) -> Reasons:
        if len(link) != 2:
            return [refusal("bad_linked_input", "Bad linked input, must be a length-2 list", name, input_name=name)]
        above, slot = link
        if above in path:
            return [refusal("dependency_cycle", "Dependency cycle detected", " -> ".join([*path, above]))]
        try:
            source = self._catalogue.get(prompt[above]["class_type"])
            assert source
            kind = source.outputs[slot]
            self._inputs(prompt, above, reasons_by_node, path)
        except Exception as error:
            message = f"{name}: {type(error).__name__} {error}"
            return [
                refusal("exception_during_inner_validation", "Exception when validating inner node", message, input_name=name)
            ]
        if isinstance(spec[0], str) and spec[0] not in {kind, "*", "INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}:
            details = f"{name}, received_type({kind}) mismatch input_type({spec[0]})"
            return [refusal("return_type_mismatch", "Return type mismatch between linked nodes", details, input_name=name)]
        return []

    def _value(self, name: str, spec: list[Any], value: Any, inputs: dict[str, Any]) -> Reasons:
        options = self._catalogue.options(spec)
        if options is not None:
            return self._choice(name, spec, options, value)
        kind, limits = spec[0], spec[1] if len(spec) > 1 else {}
        convert: Any = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}.get(kind)
        if convert is None:
            details = f"{name}, received_type({type(value).__name__}) mismatch input_type({kind})"
            return [refusal("return_type_mismatch", "Return type mismatch between linked nodes", details, input_name=name)]
        try:
            value = inputs[name] = convert(value)
        except (TypeError, ValueError) as error:
            details = f"{name}, {value}, {error}"
            return [refusal("invalid_input_type", f"Failed to convert an input value to a {kind} value", details)]
        if "min" in limits and value < limits["min"]:
            message = f"Value {value} smaller than min of {limits['min']}"
            return [refusal("value_smaller_than_min", message, name, input_name=name, received_value=value)]
        if "max" in limits and value > limits["max"]:
            message = f"Value {value} bigger than max of {limits['max']}"
            return [refusal("value_bigger_than_max", message, name, input_name=name, received_value=value)]
        return []

    def _choice(self, name: str, spec: list[Any], options: list[str], value: Any) -> Reasons:
        if value in options:
            return []
        if getattr(spec[0], "kind", "") == "input":
            clean = str(value).removesuffix(" [output]")
            folder = "output" if clean != value else "input"
            if (self._folders.root / folder / clean).is_file():
                return []
            details = f"image - Invalid image file: {value}"
            return [refusal("custom_validation_failed", "Custom validation failed for node", details, input_name=name)]
        options_text, config = (str(options), [options, {}])
        if len(options) > MOST_LISTED:
            options_text, config = f"(list of length {len(options)})", None  # type: ignore[assignment]
        extra = {"input_name": name, "input_config": config, "received_value": value}
        return [refusal("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {options_text}", **extra)]


def _has_default(spec: list[Any]) -> bool:
    return False if len(spec) < 2 or not isinstance(spec[1], dict) else "default" in spec[1] and spec[0] == "BOOLEAN"


def _with_ancestors(prompt: Any, node_id: str) -> list[str]:
    """The node and all its ancestors; links to missing nodes are skipped."""
    ancestors, todo = [], [node_id]
    while todo:
        current = todo.pop()
        if current in ancestors:
            continue
        ancestors.append(current)
        inputs = prompt.get(current, {}).get("inputs", {})
        todo += [value[0] for value in inputs.values() if isinstance(value, list) and len(value) == 2 and value[0] in prompt]
    return ancestors
