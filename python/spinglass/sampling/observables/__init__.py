"""What can be measured during a run: one file a kind of observable."""
