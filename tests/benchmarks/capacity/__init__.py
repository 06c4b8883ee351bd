"""``make bench-capacity``: how many Jobs one scheduler with LocalExecutor can have in flight, beside Airflow's own.

Jobs are in flight in *lanes*: a run of a DAG whose tasks come one after the other, so that each lane has one task in
flight at any time. A task is *due* when the one before it has ended, in its lane; it is *late* by what it takes from
there to its end, beyond the seconds for which its container sleeps and beyond what Airflow takes by itself, which a
task that only sleeps has shown with few lanes.
"""
