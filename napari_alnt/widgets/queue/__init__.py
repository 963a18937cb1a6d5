"""The queue: a table of cases, which of them are shown, and how."""
