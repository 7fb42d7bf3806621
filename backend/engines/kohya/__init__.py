"""kohya's sd-scripts without running them: what they are given, and what they print and write: docs/contracts/kohya.md."""
