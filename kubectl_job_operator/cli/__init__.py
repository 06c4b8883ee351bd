"""The command line: the same runner without Airflow, for writing templates and for replaying. Never imports Airflow."""
