"""/mcp: tools for agents (Model Context Protocol): the REST API's verbs, with the same keys, scopes and workspaces."""

from backend.api.mcp.door import McpDoor

__all__ = ["McpDoor"]
