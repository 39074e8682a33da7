"""What a change does to the cluster and to the people on call: two snapshots of a stack, compared."""
