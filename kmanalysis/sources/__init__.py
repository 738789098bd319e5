"""Where rows come from that no export holds: platforms' own databases, read without writing, and upstream shops that are watched."""
