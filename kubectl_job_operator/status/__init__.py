"""From the cluster's JSON to what it means: the verdict, why it waits, why it failed, which rights are missing.

Pure functions only: nothing here runs a command, asks the clock or writes a line.
"""
