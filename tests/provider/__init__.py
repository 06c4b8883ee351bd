"""True only beside Airflow's own Kubernetes provider: `make test-provider` installs it for these tests alone."""
