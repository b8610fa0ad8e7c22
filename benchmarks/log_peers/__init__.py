"""What benchmarks/log is made of: drivers in C for the peers, their servers, the cases and the table."""
