"""`make chaos`: a real Airflow, a real cluster, and all that breaks in them at once, at moments out of a seed.

What can be shared with `make faults` is: its tasks, its faults, its witnesses, its judge.
"""

from tests import client

client.put_first()
