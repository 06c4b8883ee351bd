"""The only place that knows what Airflow 2 and Airflow 3 do differently, and where they keep the same thing."""
