"""From text to what is applied: templates, YAML as kubectl reads it, the one Job and its companions.

Nothing here runs kubectl or knows what the cluster holds.
"""
