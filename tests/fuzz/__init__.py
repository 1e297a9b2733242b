"""Wrong and extreme arguments for all that is public, and files whose bytes were changed.

    python -m tests.fuzz                                # 100 cases of each call, in about a minute
    python -m tests.fuzz --cases 10000 --seconds 60     # at length, a minute a call at most
    python -m tests.fuzz --only sample --case 1234      # one case again, alone
    python -m tests.fuzz --files 10000                  # files whose bytes were changed

`surface` says what is public, `calls` has a valid call of each, `values` makes values that are
wrong or extreme, `cases` replaces arguments of a valid call by them, `verdict` says what is wrong
with what comes out, and `session` does this in a process that may crash. `damage` changes files.
What is allowed: a result without a NaN that nobody asked for, or an exception that is documented
and names what was wrong. A call that takes long must stop when it is interrupted.
"""
