"""Where rows come from that no export holds: platforms' databases, and what is watched."""
