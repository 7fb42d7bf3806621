"""Where things come from and what came of them: dataset, run, LoRA, picture."""
