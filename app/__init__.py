"""What a person types: the commands, the configuration, the loop, the records and the views."""
