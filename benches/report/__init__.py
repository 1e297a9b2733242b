"""Ours beside others on the same work, in turns, with results compared before anything is timed.

    python -m benches.report                      # all jobs; writes docs/performance.md
    python -m benches.report --quick --out DIR    # tiny sizes: whether it runs, not how fast
    python -m benches.report --redraw             # page and figure again, from the stored numbers

`jobs` has one file a job, with the rivals written as one would when it matters; `contest` compares
and times; `machine` says where; `criterion` reads what `cargo bench` left; `page` and `figure`
write.
A rival that is not installed is left out, and the page says so.
"""
