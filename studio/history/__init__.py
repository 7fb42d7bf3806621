"""What one person did, and its undo."""
