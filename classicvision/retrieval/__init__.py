"""Pipelines that find images: visual words, encodings, indexes."""
