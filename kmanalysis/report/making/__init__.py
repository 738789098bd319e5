"""Having pages made: the side of the batch. What runs in a page's own process is in `runner`, and nothing here imports that (papermill, nbconvert)."""
