"""The top floor: what Airflow sees."""
