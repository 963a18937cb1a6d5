"""What comes into a new project: where from, and whether it can be meant."""
