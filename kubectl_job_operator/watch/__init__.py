"""Waiting and watching, for one Job or for a thousand.

Nothing here decides what a Job means or shows a line of its log.
"""
