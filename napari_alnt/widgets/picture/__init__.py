"""What is seen of the open case on the canvas, and what the mouse does to it."""
