"""What the operations take and answer."""
