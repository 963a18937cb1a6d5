"""The training: its buttons, its settings and its pictures."""
