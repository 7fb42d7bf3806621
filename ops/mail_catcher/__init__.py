"""The mail catcher of `make run`: takes every e-mail and sends none. Operators read them on the page System."""
