"""`python -m tests.faults`: whether anything is lost or told twice while everything around it breaks."""
