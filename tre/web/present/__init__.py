"""What templates show, worked out before: templates decide nothing."""
