"""Postgres, Valkey and SeaweedFS from wheels, for laptops, tests and CI: starts those that the environment does not name."""

from ops.local_stack.server import Server
from ops.local_stack.stack import Stack, start

__all__ = ["Server", "Stack", "start"]
