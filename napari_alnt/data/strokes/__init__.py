"""The journal of a case: every change of its mask, as it is made."""
