"""The case in work: its bar, its strokes, and what is decided about it."""
