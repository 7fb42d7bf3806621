"""OpenRouter, and any server that speaks OpenAI's chat completions."""
