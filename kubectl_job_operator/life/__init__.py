"""One try from its first look to its end, in one go or in halves.

The only room that knows the order of things; it knows nothing of Airflow.
"""
