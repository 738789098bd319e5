"""Calls to one upstream: bounded, made once a scan, and failing for a reason that is a word of ours."""
