"""The operations, by room."""
