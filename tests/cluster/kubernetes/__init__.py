"""Today's Kubernetes, built from Go modules: each folder of `modules` pins one program and all that it needs."""
