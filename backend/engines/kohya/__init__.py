"""The trainer on kohya's sd-scripts: their arguments and inputs, and what they print and write (docs/contracts/kohya.md)."""
