"""What measures how quick and how large `qa` is; how to run it stands in docs/performance.md."""
