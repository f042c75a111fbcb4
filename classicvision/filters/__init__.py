"""Image in, image out: smoothing, derivatives and sums."""
