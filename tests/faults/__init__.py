"""`make faults`: a real Airflow, a real cluster, and what breaks in them at random moments."""

from tests import client

client.put_first()
