"""How the bundled model was made: its pictures, its training, its evaluation. The studio never imports it."""
