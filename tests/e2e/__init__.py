"""`make e2e`: examples/airflow_on_kubernetes as it stands, on the node that runs on this machine."""
