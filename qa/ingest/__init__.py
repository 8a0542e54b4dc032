"""Report files to passages: one reader a file format, one outline for all of them."""
