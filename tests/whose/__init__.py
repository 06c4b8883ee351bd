"""``make test-whose``: real schedulers of several Airflows, and whose Job is whose.

``airflows.py`` starts them, ``dag.py`` is what they run, ``scenes.py`` is what happens to them, ``sightings.py`` sees
what the cluster has meanwhile, and ``judge.py`` says what of that is harm.
"""
