"""Automations: the list, one as a flow of steps with its forms, its dry run and its history."""
