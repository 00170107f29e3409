"""Commands that measure: closed-loop trials, timings, and the paper's metric."""
