"""Small parts and looks that are used everywhere in the dock."""
