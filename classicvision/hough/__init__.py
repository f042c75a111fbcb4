"""Shapes found by voting: every edge pixel votes for all the lines that pass through it."""
