"""The simulation: the real code of a try in a world of its own, whose time, chance and faults come from a seed.

The world has a small honest model of Kubernetes behind kubectl's command lines, and a small model of Airflow with
several workers. What the code does in it is real, down to the processes that it starts: these are programs of the
world. A history is what happens for one seed; invariants are checked in all of it. ``python -m tests.simulation`` runs
many, prints one that breaks an invariant, and makes it shorter first.
"""
