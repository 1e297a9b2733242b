"""The flips that one turned spin sets off in a memory."""
