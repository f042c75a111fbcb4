"""Image in, descriptors and matches out."""
