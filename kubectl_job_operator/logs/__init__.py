"""Every line of every container once; the last lines; results out of logs.

Nothing here decides a verdict or holds it back for long.
"""
