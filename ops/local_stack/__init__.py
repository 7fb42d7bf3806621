"""Postgres, Valkey and SeaweedFS from wheels, for laptops, tests and CI: what the environment does not name is started here."""

from ops.local_stack.server import Server
from ops.local_stack.stack import Stack, start

__all__ = ["Server", "Stack", "start"]
