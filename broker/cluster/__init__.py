"""A blog in a cluster, as an operator's machine reaches it: through kubectl and nothing else."""
