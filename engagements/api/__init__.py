"""The operations of the API on engagements."""
