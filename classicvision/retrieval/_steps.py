"""What the writing of an index passes between its steps; tests let it fail or die there."""

interrupt = None  # a callable that is given the name of the step, or None


def reached(name):
    """Tell the test, if one listens, that the step ``name`` is done."""
    if interrupt is not None:
        interrupt(name)
