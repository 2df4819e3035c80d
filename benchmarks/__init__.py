"""How fast the blog is, beside the classic in-memory blog on the same machine in the same run."""
