"""The verb `run`: the whole blog on one machine, in processes of which none outlives it."""
