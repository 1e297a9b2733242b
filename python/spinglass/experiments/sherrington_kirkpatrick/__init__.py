"""The Sherrington-Kirkpatrick glass at low temperature."""
