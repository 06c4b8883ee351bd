"""One real Kubernetes node on this machine, from Debian's packages, without Docker."""
