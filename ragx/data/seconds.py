"""Lengths of time in seconds, which timestamps are in."""

DAY = 86_400
YEAR = 365 * DAY
