"""What a Sherrington-Kirkpatrick glass looks like in the cold."""
