"""Image in, edge map out."""
