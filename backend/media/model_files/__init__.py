"""LoRA and checkpoint files: safetensors headers, tensor layouts, model families."""
