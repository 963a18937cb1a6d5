"""The other planes of the open case, and its mask from outside."""
