"""Pictures: looked at, cut, stripped, delivered."""
