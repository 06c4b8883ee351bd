"""Benchmarks: side by side in one run, medians and ratios."""

from tests import client

client.put_first()
