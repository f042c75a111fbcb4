"""Recorded results of OpenCV 4.14, and the scripts that made them.

``make_cascades`` writes tiny cascades of our own, ``make_golden`` what OpenCV 4.14 finds with
them, and with OpenCV's cascades, in pictures that ``pictures`` can make anywhere.
"""
