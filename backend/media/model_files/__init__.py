"""LoRAs and checkpoints as files: safetensors headers, layouts, families."""
