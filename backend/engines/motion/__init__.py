"""Moving pictures: the port and its adapters."""
