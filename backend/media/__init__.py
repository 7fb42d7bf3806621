"""Files by kind, without knowing whose they are."""
