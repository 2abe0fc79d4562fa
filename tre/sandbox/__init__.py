"""Programs run apart: bubblewrap, its limits, trusted runs, and the one channel that leads in."""
