"""The root of `/api/`: the operations of every app, the schema, and the answer to addresses that are none."""
