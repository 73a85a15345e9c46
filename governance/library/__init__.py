"""The definition items that ship with the product (`arr.yaml`), and their reader. Pure: no Django, no database."""
