"""The top floor: operators, triggers, sensors, hooks and links, and what they ask Airflow for.

Only ``compat`` tells Airflow's versions apart.
"""
