"""The protocols of upstream shops: which read-only calls each has, how they are signed, and what their answers say."""
