"""Boards of pictures, similar pictures, import of pictures with a recipe, export."""
