"""Pure on DataFrames: no read, no write, no session. pyspark, pyarrow and the core, nothing else."""
