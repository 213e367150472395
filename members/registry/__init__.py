"""What apps above this one add to members' pages and to the copies of personal data, without being known here."""
