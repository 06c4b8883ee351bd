"""Is the machine as it was, once a test cluster was up and has gone? `make test-cluster` looks."""
