"""What a run writes to its folder, and how it is read back."""
