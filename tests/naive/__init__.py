"""Slow, obvious versions of the kernels, written from the textbook formula, to test against."""
