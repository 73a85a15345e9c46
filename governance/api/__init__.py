"""The operations of the API on what is governed: definitions, policy documents and their signatures, the metric registry."""
