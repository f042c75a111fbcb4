"""Counting hits and false positives anew for each threshold."""


def naive_overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union


def naive_curve(scenes, least_overlap, thresholds):
    """Return (hits, false positives) at each threshold.

    ``scenes`` are lists of (box, score) found, and of (box, ignored) that are there.
    """
    return [_count(scenes, least_overlap, threshold) for threshold in thresholds]


def _count(scenes, least_overlap, threshold):
    hits = misses = 0
    for found, truth in scenes:
        taken = set()
        # sorted keeps the order of equal scores
        for box, score in sorted(found, key=lambda pair: -pair[1]):
            if score < threshold:
                continue
            overlaps = [naive_overlap(box, other) for other, _ in truth]
            enough = [i for i, overlap in enumerate(overlaps) if overlap >= least_overlap]
            free = [i for i in enough if i not in taken and not truth[i][1]]
            if free:
                taken.add(max(free, key=lambda i: (overlaps[i], -i)))
                hits += 1
            elif not any(truth[i][1] for i in enough):
                misses += 1
    return hits, misses


def naive_mean_rate(curve, low, high, pieces):
    """Return the mean of the detection rate in the middles of so many pieces of a range.

    This is exact where the rate changes only between pieces.
    """
    total = 0
    for piece in range(pieces):
        allowed = low + (piece + 0.5) * (high - low) / pieces
        points = zip(curve.false_positives.tolist(), curve.detection_rate.tolist(), strict=True)
        rates = [rate for false, rate in points if false / curve.images <= allowed]
        total += max(rates, default=0)
    return total / pieces
