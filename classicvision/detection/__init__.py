"""Pipelines that find objects in images."""
