"""What is opened by hand in JupyterLab: widgets over plain models, so that what they show can be worked out without them."""
