"""A simulated platform: Kubernetes objects of the monitored systems, and one HTTP server that answers for them all."""
