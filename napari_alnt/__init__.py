"""Correct the masks most worth your minutes while a 3D network learns from the noisy rest."""

__version__ = "0.1.0"
