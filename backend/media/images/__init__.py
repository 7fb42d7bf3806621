"""Pictures: inspecting, cutting, removing metadata, and preparing them for delivery."""
