"""Small learners on arrays of features."""
