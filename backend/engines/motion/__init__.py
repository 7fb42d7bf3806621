"""Videos from pictures: the port and the built-in camera moves."""
