"""Tests on a real cluster, with a real Airflow; one namespace for each test."""
