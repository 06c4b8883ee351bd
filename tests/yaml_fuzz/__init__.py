"""Documents by chance, read by us and by the real kubectl: both must read the same, or both refuse.

Two differences are meant: a key that is given twice and what follows ``...`` are refused here, while kubectl drops them
without a word.
"""
