"""Protocol-faithful servers and programs of others, with their faults on switches."""
