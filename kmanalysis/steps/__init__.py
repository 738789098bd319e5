"""The steps of sourcing besides vetting: what each looks at."""
