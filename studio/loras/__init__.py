"""The LoRA library."""
