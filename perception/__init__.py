"""From pictures to facts: where the object is, which part is whose, and where the person's arm is."""
