"""The operations of the API on what is governed: the metric registry."""
