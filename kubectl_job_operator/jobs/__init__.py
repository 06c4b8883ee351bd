"""The first floor: a Job's life. Knows kubectl, nothing of Airflow."""
