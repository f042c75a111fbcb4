"""Inverted index, as its definition says: every pair of descriptors of every image, one by one."""

import math
from collections import Counter


def norm(words, idf):
    frequencies = Counter(words)
    return math.sqrt(sum(count * idf[word] ** 2 for word, count in frequencies.items()))


def cosine(query, image, idf):
    """Of the square roots of the words' frequencies times their idf."""
    if not norm(query, idf) or not norm(image, idf):
        return 0.0
    first, second = Counter(query), Counter(image)
    inner = sum(math.sqrt(first[w] * second[w]) * idf[w] ** 2 for w in first if w in second)
    return inner / norm(query, idf) / norm(image, idf)


def hamming(a, b):
    return bin(int(a) ^ int(b)).count("1")


def image_matches(query, image, idf, threshold, sigma):
    """(query's descriptor, weight, turn, zoom) of all matches; both are lists of descriptors.

    A descriptor of the query is (words, signatures, angle, scale), one of an image has one word
    and one signature.
    """
    matches = []
    for number, (words, signatures, angle, scale) in enumerate(query):
        for word, signature in zip(words, signatures, strict=True):
            for other, other_signature, other_angle, other_scale in image:
                distance = hamming(signature, other_signature)
                if word == other and distance <= threshold:
                    weight = math.exp(-((distance / sigma) ** 2)) * idf[word] ** 2
                    turn, zoom = (other_angle - angle) % 256, other_scale - scale
                    matches.append([number, weight, turn, zoom])
    return matches


def soften(all_matches, burstiness):
    """Change the weights of the matches of all images."""
    totals = Counter()
    for matches in all_matches:
        for number in {match[0] for match in matches}:
            own = [match for match in matches if match[0] == number]
            total, best = sum(match[1] for match in own), max(own, key=lambda match: match[1])
            for match in own:
                if burstiness == "intra":
                    match[1] *= math.sqrt(match[1] / total)
                elif burstiness in ("unique", "inter") and match is not best:
                    match[1] = 0.0
            totals[number] += best[1]
    if burstiness == "inter":
        for matches in all_matches:
            for match in matches:
                match[1] *= math.sqrt(match[1] / totals[match[0]])


def highest(weights, bins, n_bins):
    """The largest sum of three neighbouring bins; cyclic where there are ``n_bins``."""
    sums = Counter()
    for weight, place in zip(weights, bins, strict=True):
        for step in (-1, 0, 1):
            sums[(place + step) % n_bins if n_bins else place + step] += weight
    return max(sums[place] for place in bins)


def hamming_scores(query, images, idf, threshold=22, sigma=13.0, burstiness="inter", geometry=True):
    found = [image_matches(query, image, idf, threshold, sigma) for image in images]
    soften(found, burstiness)
    query_norm = norm([words[0] for words, *_ in query], idf)
    scores = []
    for image, matches in zip(images, found, strict=True):
        score = sum(match[1] for match in matches)
        if geometry and matches:
            _, weights, turns, zooms = zip(*matches, strict=True)
            score = min(
                highest(weights, [turn // 8 for turn in turns], 32),
                highest(weights, [(zoom + 256) // 4 for zoom in zooms], None),
            )
        length = norm([word for word, *_ in image], idf) * query_norm
        scores.append(score / length if length else 0.0)
    return scores
