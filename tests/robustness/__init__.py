"""Harnesses that try to break the product, each with a count.

Run one as ``python tests/robustness NAME``; ``README.md`` says what is promised.
"""
