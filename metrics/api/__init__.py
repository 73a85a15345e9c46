"""The operations of `/api/v1/` about a client's data and numbers."""
