"""The start page, and the dialog that makes a new project."""
