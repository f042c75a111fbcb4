"""Votes of matches for the similarity that each of them proposes, one pair after the other."""

import cmath
import math


def proposal(match):
    """(zoom and turn as one complex number, shift) of a match of two (x, y, size, angle)."""
    (x1, y1, size1, angle1), (x2, y2, size2, angle2) = match
    factor = size2 / size1 * cmath.exp(1j * (angle2 - angle1))
    return factor, complex(x2, y2) - factor * complex(x1, y1)


def vote(match, hypothesis, slack=8.0, growth=0.15, zoom=1.8, turn=0.5):
    """What a match says about the similarity of another one: up to 1, 0 where it disagrees."""
    factor, shift = proposal(hypothesis)
    own, _ = proposal(match)
    if not 1 / zoom <= abs(own / factor) <= zoom or abs(cmath.phase(own / factor)) > turn:
        return 0.0
    start, end = (complex(*keypoint[:2]) for keypoint in match)
    origin = complex(*hypothesis[0][:2])
    reach = slack + growth * abs(factor) * abs(start - origin)
    return max(0.0, 1 - (abs(factor * start + shift - end) / reach) ** 2)


def agreeing(matches):
    votes = [math.fsum(vote(m, h) for m in matches) for h in matches]
    best = max(range(len(matches)), key=lambda h: (round(votes[h], 9), -h))
    return [vote(m, matches[best]) > 0 for m in matches]
