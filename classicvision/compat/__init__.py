"""Drop-in replacements for what newer versions of other libraries no longer have."""
