"""The blog's manifests put into a cluster, and taken out of it again."""
