"""What teachers write about blind spots: kept without loss, undone without limit, checked before it is taken."""
