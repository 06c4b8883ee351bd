"""The ground floor: kubectl as a program. Knows nothing of Jobs or of Airflow."""
