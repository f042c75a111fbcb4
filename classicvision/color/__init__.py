"""Colour statistics: chromaticities, histograms, their comparison, and what they recognise."""
